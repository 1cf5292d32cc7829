-- +goose Up
CREATE TABLE stock (
	sku    TEXT PRIMARY KEY,
	pieces INTEGER NOT NULL CHECK (pieces >= 0)
);
CREATE TABLE sale (
	id     TEXT PRIMARY KEY,
	sku    TEXT NOT NULL REFERENCES stock (sku),
	pieces INTEGER NOT NULL
);

-- +goose Down
DROP TABLE sale;
DROP TABLE stock;
