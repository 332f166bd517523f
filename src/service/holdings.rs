//! What the workspace holds for a form to suggest, and doubts about values that name nothing there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Map, Value};

use super::config::Ground;
use super::form::Form;
use super::memory::Asked;
use super::pipelines::{Definition, Need};
use super::{Bridge, Error, Upstream};
use crate::domain::holdings::{Holding, Holdings, Place, place, place_of};
use crate::domain::ids::AccountId;
use crate::domain::parameters::Parameter;
use crate::domain::sentence::{FieldErrors, Sentence};

/// A form is not held up for the sake of suggestions.
const PATIENCE: Duration = Duration::from_secs(3);

/// For the code of each parameter that names something of the workspace, what there is.
pub type Suggested = BTreeMap<String, Result<Vec<Holding>, Error>>;

impl Bridge {
    pub async fn suggestions(&self, account: AccountId, form: &Form) -> Result<Suggested, Error> {
        let ground = self.ground(account).await?;
        let parameters = form.version.iter().flat_map(|version| &version.parameters);
        let asking = parameters.filter_map(|parameter| {
            let (ground, place) = (&ground, place(parameter)?);
            Some(async move {
                let asking = tokio::time::timeout(PATIENCE, self.holdings(ground, place));
                let in_time = asking.await;
                let found = in_time.unwrap_or(Err(Error::Upstream(Upstream::TimedOut)));
                let fit = found.map(|held| held.fit_for(parameter).cloned().collect());
                (parameter.code.clone(), fit)
            })
        });
        Ok(join_all(asking).await.into_iter().collect())
    }

    /// About what would be sent, or would stand in where nothing is. What cannot be asked is not doubted.
    pub(super) async fn doubts(
        &self,
        ground: &Ground,
        definition: &Definition,
        sent: &Map<String, Value>,
    ) -> FieldErrors {
        let Some(version) = &definition.version else {
            return FieldErrors::default();
        };
        let asking = version.parameters.iter().filter_map(|parameter| {
            let given = sent.get(&parameter.code);
            let saved = version.config.get(&parameter.code);
            let value = given.or(saved).or(parameter.default.as_ref())?;
            Some(self.doubt(ground, parameter, value))
        });
        let mut doubts = FieldErrors::default();
        for (code, doubt) in join_all(asking).await.into_iter().flatten() {
            doubts.add(code, doubt);
        }
        doubts
    }

    async fn doubt(
        &self,
        ground: &Ground,
        parameter: &Parameter,
        value: &Value,
    ) -> Option<(String, Sentence)> {
        let held = self
            .holdings(ground, place_of(parameter, value)?)
            .await
            .ok()?;
        let doubt = held.doubt(parameter, value)?;
        Some((parameter.code.clone(), doubt))
    }

    async fn holdings(&self, ground: &Ground, place: Place) -> Result<Arc<Holdings>, Error> {
        let (client, target) = (self.openhexa().clone(), ground.connection.target.clone());
        let key = (Asked::from(ground), place.clone());
        let asking = async move { client.holdings(&target, &place).await.map(Some) };
        let outcome = self.consult(&self.memory.holdings, key, Need::Lately, asking);
        let found = outcome.await?.strictly()?;
        Ok(found.map(|found| found.answer).unwrap_or_default())
    }
}
