//! Soul and R&B.

use super::{Genre, Lexicon, Sound};

/// Warm voices, old and new.
pub(super) const SOUL: Genre = Genre {
    name: "soul",
    tags: &["soul", "neo soul", "r&b", "funk", "motown", "quiet storm"],
    artists: 9,
    lexicon: Lexicon {
        artists: "{first} {last} | {first} {last} | {first} {last} & the {tones} | The {tones}",
        tracks: "Love Don't {verb} | {plea} Me {how} | {plea} Me {how} | {whole} | {whole} | {weekday} {feeling} |
                 {warm} {feeling} | {warm} {feeling} | Your {thing} Is My {thing} | (You Took) My {thing} |
                 Baby, {plea} Me | {whole} | {whole} | {whole} | {whole}",
        albums: "{record} | {record} | {warm} {feeling} | The {warm} Hours | {plea} Me {how}",
        slots: &[
            ("first", "Odetta | Marvelle | Lionel | Sharonda | Cornell | Yolanda | Percival | Nia | Solomon"),
            ("last", "Fontaine | Braithwaite | Pickens | Delacroix | Mayhew | Goodwater | Ellison | Tolliver"),
            ("tones", "Velvetones | Satin Drivers | Camellias | Night Porters | Evening Stars | Sweetwaters"),
            ("verb", "Clock Out | Wait | Need a Reason | Pay Rent | Come with Instructions | Sleep | Owe You"),
            ("plea", "Hold | Love | Take | Believe | Teach | Carry | Forgive | Write | Spoil"),
            (
                "how",
                "Right | Tonight | One More Time | All the Way Home | Like You Mean It | Till the Morning | Gently |
                 Down to the River | Easy",
            ),
            (
                "whole",
                "Pocket Full of Rain | Grown Folks | Front Porch Promise | Cornbread & Kisses | Slow Molasses |
                 That's the Tea | Between Us Three | Everything but Sorry | Good Thing Coming | Church Shoes |
                 Ain't No Shortcut | The Second Time Around the Block | Candle Hours | Say It Plain | Long Gone |
                 My Side of the Bed | Mercy on Maple Street | Tender Headed | If You're Listening | Homegrown |
                 Kitchen Light | Ring on the Windowsill | Two Plates | Love on Layaway | Same Old Sunrise |
                 Keep the Porch Light Burning | I Heard It at Work | Walking Shoes | Don't Make Me Choose |
                 Brand New Sorrow | Bus Fare Home | Honey in the Walls | She Left the Radio On | Every Other Sunday |
                 Tell Your Mother I'm Sorry | Rain on a Tin Heart | Handle with Care | Somebody's Somebody |
                 Cold Coffee, Warm Bed | Three Little Promises | Take the Long Way | Joy Is a Slow Train |
                 Letters I Never Mailed | The Last to Know | Good Enough for Grandma | Shake It Loose |
                 Lord, What a Morning After | Next Door to Heaven | Back Pew | Lay Your Burden by the Door |
                 Sweeter Than Before | Wrong Side of Goodbye | Lonely at the Cookout | Half a Chance |
                 Made Up My Mind | Hometown Queen | Two Hearts, One Umbrella | Steady | I Know You Know | Pay Phone",
            ),
            ("warm", "Golden | Velvet | Amber | Honeyed | Tender | Midnight | Southern | Sweet"),
            ("feeling", "Feeling | Mercy | Company | Devotion | Sunrise | Groove | Weakness | Affair | Blues"),
            ("thing", "Heart | Sunshine | Trouble | Shelter | Peace | Medicine | Melody | Home"),
            (
                "record",
                "Sunday Silk | Songs in a Low Voice | Where the Love Went | Mama's Living Room | Soft Landing |
                 Company Coming | Peach Season | A Little More Sugar | Long Distance Lover | The Warm Part",
            ),
        ],
    },
    eras: &[(1966, 1977, 4.0), (1996, 2004, 2.0), (2012, 2024, 4.0)],
    length_s: (222.0, 60.0),
    explicit: 0.08,
    featured: 0.16,
    countries: &["US", "GB"],
    sound: Sound {
        acousticness: (0.4, 0.3),
        danceability: (0.64, 0.16),
        energy: (0.52, 0.2),
        instrumentalness: (0.02, 0.06),
        loudness_db: (-8.8, 3.0),
        speechiness: (0.07, 0.07),
        tempo_bpm: (103.0, 28.0),
        valence: (0.6, 0.28),
    },
};
