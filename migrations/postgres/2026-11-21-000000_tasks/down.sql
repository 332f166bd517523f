DROP TABLE event;
DROP TABLE run;
DROP TABLE task;
DROP TABLE config;
DROP TABLE connection;
