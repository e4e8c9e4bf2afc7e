DROP TABLE data_erasures;
