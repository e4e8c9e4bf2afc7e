DROP TABLE withdrawal_drafts;
DROP TABLE declarations;
