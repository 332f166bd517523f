DROP TABLE declared;
