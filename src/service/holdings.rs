//! What the workspace holds for a form to suggest, and doubts about values that name nothing there.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::config::Ground;
use super::form::Form;
use super::memory::Asked;
use super::pipelines::{Definition, Need};
use super::{Bridge, Error, PATIENCE};
use crate::domain::holdings::{Holding, Holdings, Place, place, place_of, way_to};
use crate::domain::ids::AccountId;
use crate::domain::parameters::Parameter;
use crate::domain::sentence::{FieldErrors, Sentence};
use crate::domain::validation::Checked;
use crate::openhexa;

/// Questions about it that are under way at one instance: launches need the other places.
const AT_ONCE: usize = 2;

/// The turns of each instance that is asked.
#[derive(Default)]
pub struct Asides(Mutex<HashMap<String, Arc<Semaphore>>>);

impl Asides {
    fn of(&self, instance: &str) -> Arc<Semaphore> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = all.entry(instance.to_owned());
        turns
            .or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)))
            .clone()
    }
}

/// For the code of each parameter that names something of the workspace, what there is.
pub type Suggested = BTreeMap<String, Result<Vec<Holding>, Error>>;

impl Bridge {
    pub async fn suggestions(&self, account: AccountId, form: &Form) -> Result<Suggested, Error> {
        let ground = self.ground(account).await?;
        let parameters = form.version.iter().flat_map(|version| &version.parameters);
        // A box with a line for each value has no list beside it.
        let single = parameters.filter(|parameter| !parameter.multiple);
        let asking = single.filter_map(|parameter| {
            let (ground, place) = (&ground, place(parameter)?);
            Some(async move {
                let found = self.holdings(ground, place).await;
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
        checked: &Checked,
    ) -> FieldErrors {
        let Some(version) = &definition.version else {
            return FieldErrors::default();
        };
        let seen = version.parameters.iter();
        let seen = seen.filter(|parameter| !checked.off.contains(&parameter.code));
        let asking = seen.filter_map(|parameter| {
            let given = checked.config.get(&parameter.code);
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
        let place = place_of(parameter, value)?;
        let held = match self.holdings(ground, place.clone()).await {
            Ok(held) => held,
            // A bucket on a disk has no answer for a folder that is not there.
            Err(_) if self.lacks_folder(ground, &place).await => Arc::new(Holdings::nothing()),
            Err(_) => return None,
        };
        let doubt = held.doubt(parameter, value)?;
        Some((parameter.code.clone(), doubt))
    }

    /// Whether one of the folders on the way to this one is certainly not there.
    async fn lacks_folder(&self, ground: &Ground, place: &Place) -> bool {
        for (parent, path) in way_to(place) {
            match self.holdings(ground, parent).await {
                Ok(held) if held.lacks_folder(&path) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        false
    }

    async fn holdings(&self, ground: &Ground, place: Place) -> Result<Arc<Holdings>, Error> {
        let (client, target) = (self.openhexa().clone(), ground.connection.target.clone());
        let key = (Asked::from(ground), place.clone());
        let turns = self.asides.of(&ground.connection.instance);
        // Within the question itself: one that is given up gives back its place.
        let asking = tokio::time::timeout(PATIENCE, async move {
            let _turn = turns.acquire().await;
            client.holdings(&target, &place).await.map(Some)
        });
        let asking = async { asking.await.unwrap_or(Err(openhexa::Error::TimedOut)) };
        let outcome = self.consult(&self.memory.holdings, key, Need::Lately, asking);
        let found = outcome.await?.strictly()?;
        Ok(found.map(|found| found.answer).unwrap_or_default())
    }
}
