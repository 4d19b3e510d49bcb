//! The viewer's own settings.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use entity::revision::PEOPLE;

use super::UserError;
use crate::accounts;
use crate::error;
use crate::graphql::context;
use crate::graphql::scalars::TimeZone;
use crate::graphql::user::User;

/// The longest display name, in characters.
const DISPLAY_NAME_LENGTH_MAX: usize = 100;

#[derive(Default)]
pub(super) struct Settings;

/// What is absent or null stays as it is.
#[derive(InputObject)]
pub(super) struct UpdateViewerInput {
    /// The name shown to people: 1 to 100 characters on one line.
    display_name: Option<String>,
    /// Zone in which days begin.
    time_zone: Option<TimeZone>,
    /// Whether to appear by name in lists of listeners.
    listed: Option<bool>,
}

/// How a change of settings ended.
#[derive(SimpleObject)]
pub(super) struct UpdateViewerPayload {
    /// The viewer, with the settings that are in force now; null if nobody is signed in.
    user: Option<User>,
    /// What was wrong; nothing was changed then.
    user_errors: Vec<UserError>,
}

#[Object]
impl Settings {
    /// Changes the viewer's own settings: all that are given, or none if one of them cannot be taken.
    async fn update_viewer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateViewerInput,
    ) -> Result<UpdateViewerPayload> {
        let request = context::of(ctx);
        let nobody = || UpdateViewerPayload { user: None, user_errors: vec![UserError::nobody_signed_in()] };
        let Some(viewer) = context::viewer(ctx).await? else { return Ok(nobody()) };
        let (settings, user_errors) = input.read();
        if !user_errors.is_empty() {
            return Ok(UpdateViewerPayload { user: Some(viewer), user_errors });
        }
        let changed = accounts::change_settings(request.db(), viewer.0.id, settings, request.now()).await;
        let Some(viewer) = changed.map_err(error::database)? else { return Ok(nobody()) };
        request.changed(&[PEOPLE]);
        Ok(UpdateViewerPayload { user: Some(User(Arc::new(viewer))), user_errors })
    }
}

impl UpdateViewerInput {
    /// The settings, and what is wrong with them.
    fn read(self) -> (accounts::Settings, Vec<UserError>) {
        let mut wrong = Vec::new();
        let display_name = self.display_name.map(|name| name.trim().to_owned());
        if display_name.as_deref().is_some_and(|name| !is_display_name(name)) {
            let expected = format!(
                "A display name has 1 to {DISPLAY_NAME_LENGTH_MAX} characters, all on one line, and not only spaces."
            );
            wrong.push(UserError::invalid(&["input", "displayName"], expected));
        }
        let mut time_zone = None;
        if let Some(TimeZone(name)) = self.time_zone {
            match entity::time::zone(&name) {
                Ok(zone) => time_zone = zone.iana_name().map(str::to_owned),
                Err(error) => wrong.push(UserError::invalid(&["input", "timeZone"], error.to_string())),
            }
        }
        (accounts::Settings { display_name, time_zone, listed: self.listed }, wrong)
    }
}

fn is_display_name(name: &str) -> bool {
    (1..=DISPLAY_NAME_LENGTH_MAX).contains(&name.chars().count()) && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::is_display_name;

    #[test]
    fn a_display_name_is_one_line_of_at_most_100_characters() {
        for good in ["Ada", "Åsa L.", "李", &"é".repeat(100)] {
            assert!(is_display_name(good), "{good}");
        }
        for bad in ["", "a\nb", "a\0b", &"a".repeat(101)] {
            assert!(!is_display_name(bad), "{bad:?}");
        }
    }
}
