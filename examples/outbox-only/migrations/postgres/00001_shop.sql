-- +goose Up
CREATE TABLE stock (
	sku    text PRIMARY KEY,
	pieces bigint NOT NULL CHECK (pieces >= 0)
);
CREATE TABLE sale (
	id     text PRIMARY KEY,
	sku    text NOT NULL REFERENCES stock (sku),
	pieces bigint NOT NULL
);

-- +goose Down
DROP TABLE sale;
DROP TABLE stock;
