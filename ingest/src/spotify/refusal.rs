//! Which 403 it is. Spotify answers the same status for a closed endpoint, an owner without Premium, a person who is not on
//! the app's list and a scope that was not granted; each is mended by somebody else.

/// Why Spotify refuses, as what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The app's owner has no Premium (any more): Development Mode needs it.
    OwnerWithoutPremium,
    /// The person is not on the list of the app in Development Mode.
    NotOnList,
    /// The person did not grant the scope.
    ScopeMissing,
    /// No reason given; the person may call `/me`, so it is the scope or the endpoint.
    ScopeOrEndpoint,
    /// No reason given; the person may not even call `/me`.
    PersonOrOwner,
    /// No reason given, and nothing more is known.
    Unsaid,
}

impl Refusal {
    /// Reads the message of a 403, as several users report them.
    pub(super) fn of(message: &str) -> Self {
        let message = message.to_lowercase();
        if message.contains("premium") {
            Self::OwnerWithoutPremium
        } else if message.contains("not registered") || message.contains("developer dashboard") {
            Self::NotOnList
        } else if message.contains("scope") {
            Self::ScopeMissing
        } else {
            Self::Unsaid
        }
    }

    /// Whether it concerns this one endpoint at most, and says nothing of the app or of a person.
    pub fn may_be_endpoint(self) -> bool {
        matches!(self, Self::Unsaid | Self::ScopeOrEndpoint)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OwnerWithoutPremium => {
                "the owner of the app needs Spotify Premium while it is in Development Mode; polling goes on by itself once it is renewed"
            }
            Self::NotOnList => {
                "add this person to the app's user list at https://developer.spotify.com/dashboard (Development Mode allows five)"
            }
            Self::ScopeMissing => {
                "the scope user-read-recently-played was not granted, so this person must connect again and agree to it"
            }
            Self::ScopeOrEndpoint => {
                "the scope user-read-recently-played was not granted, so this person must connect again; or Spotify has closed this endpoint to the app"
            }
            Self::PersonOrOwner => {
                "check that this person is on the app's user list at https://developer.spotify.com/dashboard and that the app's owner has Premium"
            }
            Self::Unsaid => {
                "the endpoint may be closed to this app; check its user list, its owner's Premium and the scopes granted"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn a_refusal_is_told_by_its_words() {
        for (message, why) in [
            ("User not registered in the Developer Dashboard", Refusal::NotOnList),
            ("Active premium subscription required for the owner of the app.", Refusal::OwnerWithoutPremium),
            ("Insufficient client scope", Refusal::ScopeMissing),
            ("Forbidden", Refusal::Unsaid),
            ("", Refusal::Unsaid),
        ] {
            assert_eq!(Refusal::of(message), why, "{message}");
        }
    }
}
