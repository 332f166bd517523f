-- One row that `/readyz` writes, to see whether the database can be written to.
CREATE TABLE probe (
    id INTEGER PRIMARY KEY,
    writes BIGINT NOT NULL
);
