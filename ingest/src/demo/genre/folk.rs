//! Folk and songwriters.

use super::{Genre, Lexicon, Sound};

/// One guitar, weather, relatives.
pub(super) const FOLK: Genre = Genre {
    name: "folk",
    tags: &["folk", "indie folk", "singer-songwriter", "americana", "chamber folk"],
    artists: 9,
    lexicon: Lexicon {
        artists: "{first} {last} | {first} {last} | {first} {last} | {plant} & {plant} | The {land} {kin}",
        tracks: "{river} River | The {trade}'s {relative} | The {trade}'s {relative} | Letter from {town} |
                 {plant} and {plant} | {whole} | {whole} | {town} in {month} | {name}, {imperative} | {imperative} |
                 Ballad of {name} {last} | {land} Lullaby | {whole} | {whole} | {whole} | {whole}",
        albums: "{record} | {record} | {plant} & {plant} | Letters from {town} | The {trade}'s {relative}",
        slots: &[
            ("first", "Hollis | Maeve | Josiah | Linnea | Tobias | Orla | Wendell | Greta | Abel | Tess"),
            ("last", "Garrick | Thistlewood | Brannigan | Aldersey | Fairbairn | Lockhart | Rowntree | Stromberg"),
            ("plant", "Cedar | Thistle | Juniper | Yarrow | Barley | Heather | Willow | Clover | Sage"),
            ("land", "Prairie | Hill Country | Lowland | Harbour | Foothill | Orchard | Heath"),
            ("kin", "Sisters | Brothers | Cousins | Hymnal | Sparrows"),
            ("river", "Little Sorrow | Tamarack | Cold Iron | Milk | Swift | Copper | Elder"),
            ("trade", "Carpenter | Ferryman | Miller | Surveyor | Beekeeper | Lockkeeper | Farrier | Postman"),
            ("relative", "Daughter | Son | Widow | Dog | Bride | House | Hands"),
            ("town", "Marlow County | Inverary | Duluth | Saltash | Abilene | Ballymoor | Cape Clear | Tromsø"),
            (
                "whole",
                "Woodsmoke | Half an Acre | The Kettle and the Crow | Quarry Pond | What My Father Planted |
                 Slow Thaw | Hymn for the Highway | Rusted Gate | Porchlight | Fence Line | Honeylocust |
                 The Year of No Rain | Tin Cup | Snow on the Threshold | Candle in the Barn | Two Crows |
                 Plain Song | Hand-Drawn Map | Wintering | Old Boots | Small Hours | The Last of the Apples |
                 Apple Cellar | The Heron | Ashes in the Garden | Long Road, Short Coat | Sunday Clothes |
                 Lanterns on the Water | Twelve Stone Steps | Bread and Salt | My Sister's Accordion | First Frost |
                 The Drowned Village | Geese | Empty Chair at Harvest | Threadbare | Wren in the Chimney |
                 Moonshine and Marigolds | Seven Bridges | The Weaver's Complaint | Hollow Oak | Weathervane |
                 North Field | Candlewick | Lay the Table | A Coat for the Scarecrow | Coal and Feathers |
                 Where the Creek Divides | Milk Teeth | The Orchard Wall | Sparrow on the Sill | Gathering Wool |
                 The Quiet Year | Harbour Lights, Harbour Bells | Nine Acres | Stones in My Pockets |
                 Saltwater Hymn | Grandmother's Atlas | The Long Grass | Crooked Fence | Boots by the Door |
                 Last Train Before the Snow",
            ),
            (
                "imperative",
                "Leave a Light On | Come Down from the Hill | Don't Sell the House | Carry Me Over |
                 Bring in the Washing | Wait for the Thaw | Tell It to the Bees | Walk Me Home",
            ),
            ("name", "Eliza | Jack | Annie | Tom | Rosalind | Henry | Marian | Will"),
            (
                "record",
                "Songs for a Leaking Roof | The Far Field | Kindling | Every Gate Left Open | Almanac |
                 Plain Weather | House with No Clocks | Winter Provisions | A Map of the Orchard | Heirlooms |
                 Kitchen Recordings",
            ),
        ],
    },
    eras: &[(1968, 1976, 2.0), (2004, 2013, 3.5), (2014, 2024, 4.0)],
    length_s: (232.0, 58.0),
    explicit: 0.02,
    featured: 0.05,
    countries: &["US", "GB", "IE", "SE"],
    sound: Sound {
        acousticness: (0.8, 0.19),
        danceability: (0.48, 0.15),
        energy: (0.28, 0.17),
        instrumentalness: (0.06, 0.14),
        loudness_db: (-13.0, 4.0),
        speechiness: (0.038, 0.012),
        tempo_bpm: (112.0, 32.0),
        valence: (0.38, 0.26),
    },
};
