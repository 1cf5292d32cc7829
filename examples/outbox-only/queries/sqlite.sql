-- name: Receive :exec
INSERT INTO stock (sku, pieces) VALUES (?, ?)
ON CONFLICT (sku) DO UPDATE SET pieces = stock.pieces + excluded.pieces;

-- name: Take :one
UPDATE stock SET pieces = pieces - sqlc.arg(taken) WHERE sku = sqlc.arg(sku) AND pieces >= sqlc.arg(taken)
RETURNING pieces;

-- name: AddSale :exec
INSERT INTO sale (id, sku, pieces) VALUES (?, ?, ?);
