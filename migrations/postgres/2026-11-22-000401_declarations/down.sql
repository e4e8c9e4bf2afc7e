DROP TABLE withdrawal_drafts;
DROP TABLE declarations;
DROP FUNCTION declarations_refuse_change();
