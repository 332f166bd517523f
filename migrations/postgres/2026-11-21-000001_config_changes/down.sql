DROP TABLE config_change;
