//! Songs for small children.

use super::{Genre, Lexicon, Sound};

/// Short, cheerful, played forty times in a row.
pub(super) const CHILDRENS: Genre = Genre {
    name: "childrens",
    tags: &["children's music", "nursery", "lullaby", "cartoon"],
    artists: 7,
    lexicon: Lexicon {
        artists: "{title} {funny} | {title} {funny} | {title} {funny} & the {crowd} | The {crowd}",
        tracks: "The {animal} Who {did} | The {animal} Who {did} | {count} Little {animals} |
                 {count} Little {animals} | {chore} Song | Wash Your {body} | Wiggle Your {body} | {vehicle} Song |
                 {whole} | {whole} | Good Night, {animal} | Where Is My {thing}? | {animal} in the {vehicle} |
                 {whole} | {whole} | {whole} | {whole}",
        albums: "{record} | {record} | {animal} Songs | Good Night, {animal} | Where Is My {thing}?",
        slots: &[
            ("title", "Captain | Auntie | Mister | Professor | Granny | Doctor"),
            ("funny", "Marmalade | Button | Pim | Wobbletop | Puddle | Tiddlywink | Noodle"),
            ("crowd", "Wobbly Wheels | Puddle Band | Muddy Boots | Tiny Trumpets | Pancake Patrol"),
            ("animal", "Hedgehog | Elephant | Penguin | Snail | Tiger | Duckling | Crocodile | Sleepy Bear | Mole"),
            ("animals", "Hedgehogs | Ducklings | Penguins | Kittens | Snails | Froggies | Owls | Turtles"),
            (
                "did",
                "Lost His Shoe | Couldn't Sleep | Wanted to Fly | Ate the Moon | Missed the Bus |
                 Was Scared of Rain | Learned to Dance | Counted to Ten",
            ),
            ("chore", "The Toothbrush | The Tidy-Up | The Getting Dressed | The Goodbye | The Soup | The Bathtime"),
            ("body", "Hands | Ears | Toes | Nose | Elbows | Tummy"),
            ("vehicle", "Fire Engine | Digger | Tractor | Garbage Truck | Submarine | Little Red Tram | Rocket"),
            ("thing", "Blanket | Teddy | Other Sock | Lunchbox | Umbrella | Big Parade"),
            (
                "whole",
                "Puddle Jumping | Pancakes on Saturday | Moon in My Pocket | Hop, Skip and a Hiccup |
                 One More Story | My Shadow Is Silly | Are We There Yet? | Counting Sheep (They Count Back) |
                 The Alphabet Picnic | Bubbles! | Rain on the Tent | Dinosaur Pyjamas | Sunny Side Up |
                 The Hiccup Polka | Sleepy Train | Jelly on a Plate of Rain | The Grumpy Cloud |
                 My Robot Likes Bananas | Ten Tiny Toes | Tickle Monster March | The Upside-Down Day |
                 Buttons and Bows and Noses | Wobbly Tooth | Hello, Moon | Snack Time Samba |
                 The Giraffe's Long Scarf | Muddy Boots Boogie | Who's Behind the Curtain? | Zip, Zap, Zebra |
                 Socks on a Crocodile | The Tooth Mouse | If I Were a Kite | Bumblebee Ballet | Spaghetti Hat |
                 Stomp Like a Dinosaur | Silly Sandwich | The Little Lost Mitten | A Whale in the Bathtub |
                 Clap, Clap, Quiet | Rainbow Stew | Fuzzy Caterpillar | The Shy Volcano | Pirates Need Naps Too |
                 Sleep, Little Comet | Marching Ants | The Queen of the Sandbox | Birthday Every Day |
                 Blow Out the Stars | Lullaby for a Digger | Frog on a Log | Teddy's Big Adventure |
                 Snowman Shuffle | Pea Soup Pirates | Hush Now, Thunder | What Does the Moon Eat?",
            ),
            (
                "record",
                "Songs for the Back Seat | Rainy Day Parade | Bedtime Train | Jump in Every Puddle |
                 Breakfast Disco | The Big Garden Concert | Small Feet, Big Boots",
            ),
        ],
    },
    eras: &[(1998, 2010, 2.0), (2011, 2024, 5.0)],
    length_s: (122.0, 34.0),
    explicit: 0.0,
    featured: 0.05,
    countries: &["US", "GB", "MX"],
    sound: Sound {
        acousticness: (0.55, 0.3),
        danceability: (0.74, 0.14),
        energy: (0.46, 0.22),
        instrumentalness: (0.01, 0.04),
        loudness_db: (-9.5, 3.0),
        speechiness: (0.1, 0.09),
        tempo_bpm: (118.0, 26.0),
        valence: (0.83, 0.14),
    },
};
