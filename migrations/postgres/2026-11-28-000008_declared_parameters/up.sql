-- The types of the parameters that an account has defaults for, as OpenHEXA declared them last: they tell which defaults
-- are secret. No value is in it.

CREATE TABLE declared (
    connection_id BIGINT NOT NULL REFERENCES connection (id),
    pipeline_id UUID NOT NULL,
    account_id BIGINT NOT NULL,
    parameters TEXT NOT NULL,
    PRIMARY KEY (connection_id, pipeline_id)
);
