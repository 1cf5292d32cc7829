SELECT document, kind FROM notice WHERE customer IS NOT NULL AND (recipient IS NULL OR recipient <> customer) LIMIT 1
