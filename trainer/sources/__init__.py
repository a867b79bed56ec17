"""Raw data as published -> `Source`: records of labels, and a reader of encoded bytes."""
