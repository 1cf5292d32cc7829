-- The notices from before, a thousand at a time.
UPDATE notice SET recipient = customer WHERE (document, kind) IN (
    SELECT document, kind FROM notice WHERE recipient IS NULL AND customer IS NOT NULL LIMIT 1000)
