-- Keys and indexes of the small specification's tables.
ALTER TABLE shop ADD PRIMARY KEY (id);
ALTER TABLE person ADD PRIMARY KEY (id);
ALTER TABLE sale ADD PRIMARY KEY (id);
ALTER TABLE line ADD PRIMARY KEY (id);
ALTER TABLE person ADD FOREIGN KEY (shop_id) REFERENCES shop (id);
ALTER TABLE sale ADD FOREIGN KEY (shop_id) REFERENCES shop (id), ADD FOREIGN KEY (person_id) REFERENCES person (id);
ALTER TABLE line ADD FOREIGN KEY (sale_id) REFERENCES sale (id);
ALTER TABLE line ADD FOREIGN KEY (before_id) REFERENCES line (id);
CREATE INDEX CONCURRENTLY sale_shop ON sale (shop_id);
CREATE INDEX sale_person ON sale (person_id);
CREATE INDEX line_sale ON line (sale_id);
COMMENT ON INDEX line_sale IS 'lines of a sale';
