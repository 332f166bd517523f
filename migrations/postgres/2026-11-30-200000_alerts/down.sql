DROP TABLE alert_check;
DROP TABLE alert;
