-- Which mail of a customer comes before another is asked whenever a mail is taken in hand.
CREATE INDEX emails_waiting_by_customer ON emails (customer_id, id) WHERE status IN ('queued', 'sending');
