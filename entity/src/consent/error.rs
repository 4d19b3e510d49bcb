//! Why somebody was not linked, as what to do next.

use crate::ids::UserId;

/// Why somebody was not linked. `Display` is for the person at the browser; a source, where there is one, is for operators.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The person said no.
    #[error("You told Spotify not to share, so nothing was linked. Begin again if you change your mind.")]
    Denied,
    /// Somebody else's answer, an answer without a beginning, or a browser that keeps no cookies.
    #[error(
        "This answer does not belong to a sign-in that was begun here, in this browser. Begin again, and let the browser keep cookies of this site."
    )]
    WrongState,
    /// It took too long.
    #[error("This sign-in took longer than ten minutes. Begin again.")]
    Expired,
    /// It was completed already.
    #[error("This sign-in was completed before; it cannot be used twice. Begin again if the link is not there.")]
    Replayed,
    /// The code is unknown to Spotify, or used up.
    #[error("Spotify does not take this sign-in any more. Begin again.")]
    WorthlessCode,
    /// Two people here would share one person's plays.
    #[error(
        "This Spotify account is linked to somebody else here. Disconnect it there first, or sign in to Spotify with another one."
    )]
    LinkedTwice(UserId),
    /// The permission was not granted.
    #[error("Spotify did not grant the permission to read recently played tracks. Begin again, and agree to it.")]
    ScopeMissing,
    /// An app in Development Mode serves those on its list only.
    #[error(
        "Spotify does not let this app read your account: its operator must add you to the app's users at developer.spotify.com first."
    )]
    NotAllowed,
    /// The operator must correct the app's id, secret or redirect address.
    #[error(
        "Spotify does not know this app. Its operator must correct SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET or SPOTIFY_REDIRECT_URI ({reason})."
    )]
    UnknownApp {
        /// Spotify's word for it.
        reason: String,
    },
    /// Spotify ended the sign-in for a reason of its own.
    #[error("Spotify ended the sign-in and said why in a word: {reason}.")]
    Refused {
        /// That word.
        reason: String,
    },
    /// No answer.
    #[error("Spotify cannot be reached at the moment. Begin again in a minute.")]
    Unreachable {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something of our own is away, such as the database.
    #[error("The server cannot reach something it needs to link the account. Begin again in a moment.")]
    Unavailable {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An answer that makes no sense.
    #[error("Spotify did not answer as expected: {what} makes no sense. Begin again in a minute.")]
    Strange {
        /// What makes no sense.
        what: String,
    },
}

impl Error {
    pub(super) fn strange(what: &str) -> Self {
        Self::Strange { what: what.to_owned() }
    }

    /// One word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::WrongState => "wrong_state",
            Self::Expired => "expired",
            Self::Replayed => "replayed",
            Self::WorthlessCode => "worthless_code",
            Self::LinkedTwice(_) => "linked_twice",
            Self::ScopeMissing => "scope_missing",
            Self::NotAllowed => "not_allowed",
            Self::UnknownApp { .. } => "unknown_app",
            Self::Refused { .. } => "refused",
            Self::Unreachable { .. } => "unreachable",
            Self::Unavailable { .. } => "unavailable",
            Self::Strange { .. } => "strange",
        }
    }
}
