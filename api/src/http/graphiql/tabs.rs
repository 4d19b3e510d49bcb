//! The queries that GraphiQL opens with: a tour for somebody who has just started the server.

use serde_json::{Value, json};

/// One tab. GraphiQL names it after the operation in `query`.
#[derive(Clone, Debug)]
pub struct Tab {
    /// What the reader should know, as plain lines; they become comments above the query.
    pub comment: String,
    /// One named operation.
    pub query: String,
    /// Its variables, if it has any.
    pub variables: Option<Value>,
}

impl Tab {
    /// A tab without variables.
    pub fn new(comment: &str, query: &str) -> Self {
        Self { comment: comment.trim().to_owned(), query: query.trim().to_owned(), variables: None }
    }

    /// The same with variables, an object.
    pub fn variables(self, variables: Value) -> Self {
        Self { variables: Some(variables), ..self }
    }

    /// The tab's text: the comment, then the query.
    pub(super) fn text(&self) -> String {
        let comment = self.comment.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n");
        format!("{}\n{}\n", comment.collect::<String>(), self.query)
    }
}

/// The tour: a greeting that says how plays get in, then one listener, everyone, and the history.
///
/// `username` is a listener to ask about, such as the first one of the demo; readers change it under Variables.
pub fn tabs(username: &str) -> Vec<Tab> {
    vec![
        Tab::new(WELCOME_COMMENT, WELCOME),
        Tab::new(LISTENER_COMMENT, LISTENER)
            .variables(json!({ "username": username, "range": { "preset": "ALL_TIME" } })),
        Tab::new(CHARTS_COMMENT, CHARTS).variables(json!({ "range": { "preset": "LAST_365_DAYS" } })),
        Tab::new(HISTORY_COMMENT, HISTORY).variables(json!({ "username": username, "after": null })),
    ]
}

/// Lines of at most 56 characters, so that they fit GraphiQL's editor on a laptop.
const WELCOME_COMMENT: &str = r"
Welcome to Refrain: listening history, answered.

Press the play button, or Ctrl-Enter. If `plays` is 0,
the database is empty. Three ways to get plays in,
each from a terminal:

1. A generated, believable history, to look around:

  cargo run --release -p ingest -- demo

2. Connect your Spotify account, for what you play from
   now on (set SPOTIFY_CLIENT_ID and
   SPOTIFY_CLIENT_SECRET first; the README says how):

  cargo run --release -p ingest -- accounts connect NAME \
    --create-user
  cargo run --release -p ingest -- run

3. Import Spotify's privacy export, for your past. Ask
   for the extended streaming history (spotify.com,
   Account, Privacy); it comes by mail after some days:

  cargo run --release -p ingest -- import \
    my_spotify_data.zip --user NAME --create-user

The other tabs are questions to start from. Every type
and field is described under the book at the left, and
Ctrl-Space completes what you type.
";

const WELCOME: &str = r"
query Welcome {
  insights(range: { preset: ALL_TIME }) {
    asOf
    totals {
      plays
      listenTime
      tracks
      artists
      listeners
    }
    topListeners(first: 5) {
      edges {
        rank
        plays
        node {
          username
          displayName
        }
      }
    }
  }
}
";

const LISTENER_COMMENT: &str = r"
What one listener plays most. Put a username under
Variables below; the first tab lists some.

A range is one of { preset: … }, { year: … },
{ month: … }, { dates: … }, { instants: … }.
";

const LISTENER: &str = r"
query TopOfListener($username: String!, $range: TimeRangeInput!) {
  user(username: $username) {
    displayName
    insights(range: $range) {
      totals {
        plays
        listenTime
      }
      topTracks(first: 10) {
        edges {
          rank
          plays
          node {
            name
            primaryArtist {
              name
            }
            album {
              name
            }
          }
        }
      }
      topArtists(first: 10, by: LISTEN_TIME) {
        edges {
          rank
          listenTimeMs
          share
          node {
            name
            genres
          }
        }
      }
    }
  }
}
";

const CHARTS_COMMENT: &str = r"
Everyone's charts. `previousRank` is the rank in the
range of equal length just before this one.
";

const CHARTS: &str = r"
query Charts($range: TimeRangeInput!) {
  insights(range: $range) {
    range {
      from
      until
    }
    totals {
      plays
      listeners
    }
    topTracks(first: 20) {
      totalCount
      edges {
        rank
        previousRank
        plays
        node {
          name
          artists {
            name
          }
        }
      }
    }
    topGenres(first: 10) {
      edges {
        rank
        genre
        share
      }
    }
    series(granularity: MONTH) {
      from
      plays
    }
  }
}
";

const HISTORY_COMMENT: &str = r"
A listener's history, newest first. For the next page,
copy `endCursor` to `after` under Variables.
";

const HISTORY: &str = r"
query History($username: String!, $after: String) {
  user(username: $username) {
    plays(first: 25, after: $after) {
      nodes {
        playedAt
        listenTimeMs
        track {
          name
          primaryArtist {
            name
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
";

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn every_tab_is_one_named_operation_whose_variables_are_given() {
        for tab in tabs("ada") {
            let document = parse_query(tab.text()).unwrap();
            let (name, operation) = document.operations.iter().next().unwrap();
            assert!(name.is_some() && document.operations.iter().count() == 1);
            for definition in &operation.node.variable_definitions {
                let name = definition.node.name.node.as_str();
                assert!(tab.variables.as_ref().unwrap().get(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn the_first_tab_names_the_three_ways_to_get_plays() {
        let text = tabs("ada")[0].text();
        for way in ["-- demo", "-- accounts connect", "Import Spotify's privacy export"] {
            assert!(text.contains(way), "{way}");
        }
        assert!(text.starts_with("# Welcome to Refrain"));
    }
}
