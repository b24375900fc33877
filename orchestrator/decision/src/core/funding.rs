//! What holding perpetuals costs or earns.

use domain::funding::FundingPayment;

use super::Core;
use crate::book::CoreError;
use crate::outbox::Outbox;
use crate::record::Record;

impl Core {
    /// Books what a position paid or got when the venue settled funding.
    pub fn on_funding(
        &mut self,
        payment: &FundingPayment,
        out: &mut Outbox,
    ) -> Result<(), CoreError> {
        self.account.portfolio.book_funding(payment)?;
        self.record(Record::Funding(*payment), out);
        Ok(())
    }
}
