-- Settings of our own: to how many decimals discounts are rounded (null: they are exact), and whether they may take
-- more than the cart holds. Null is as if they were not there.
ALTER TABLE applications
    ADD COLUMN discount_decimals smallint CHECK (discount_decimals BETWEEN 0 AND 10),
    ADD COLUMN uncapped_discounts boolean;
