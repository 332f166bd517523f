DROP TABLE delivery;
DROP TABLE subscription;
DROP TABLE channel;
