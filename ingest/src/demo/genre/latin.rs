//! Bossa nova, samba and MPB.

use super::{Genre, Lexicon, Sound};

/// Portuguese titles; the templates keep articles and genders apart.
pub(super) const LATIN: Genre = Genre {
    name: "latin",
    tags: &["mpb", "bossa nova", "samba", "nova mpb", "brazilian jazz"],
    artists: 8,
    lexicon: Lexicon {
        artists: "{first} {last} | {first} {last} | {first} {last} | {group}",
        tracks: "Samba para {first} | {noun} em {city_pt} | {noun} em {city_pt} | Saudade de {city_pt} | Meu {masc} |
                 Minha {fem} | A {fem} e o {masc} | A {fem} e o {masc} | Quando {clause} | {whole} | {whole} |
                 Canção {of} | Valsa {of} | {whole} | {whole} | {whole} | {whole}",
        albums: "{record} | {record} | {noun} em {city_pt} | A {fem} e o {masc} | Canções {of}",
        slots: &[
            ("first", "Helena | Caio | Marisol | Otávio | Luísa | Benedito | Inês | Teodoro | Dandara"),
            ("last", "Quintela | Valadares | Serrano | Bittencourt | Fagundes | Sampaio | Arruda | Lacerda"),
            ("group", "Trio Maresia | Os Navegantes do Sul | Bloco da Alvorada | Quarteto Ladeira"),
            ("noun", "Chuva | Carnaval | Domingo | Manhã | Verão | Neblina | Madrugada"),
            ("city_pt", "Santos | Olinda | Paraty | Niterói | Ouro Preto | Ilhéus | Belém | Itapuã"),
            ("masc", "Mar | Violão | Quintal | Vento | Caminho | Barco | Jardim | Coração | Sol"),
            ("fem", "Rua | Lua | Janela | Varanda | Maré | Estrela | Ladeira | Canoa | Flor"),
            (
                "clause",
                "o Mar Dorme | a Noite Chega | Ela Dança | a Chuva Passa | o Trem Partiu | o Samba Cala |
                 Você Voltar",
            ),
            ("of", "do Porto | da Despedida | de Ninar Gente Grande | do Quintal | da Chuva | do Pescador | de Abril"),
            (
                "whole",
                "Café sem Pressa | Devagar | Beira-Mar | Sol na Laje | Bom Dia, Preguiça | Feira de Sábado |
                 Passarinho | Maresia | Rede na Varanda | Areia Quente | Última Barca | Nem Te Conto | Sereno |
                 Goiabeira | Lua Minguante | Bonde das Sete | Cidade Baixa | Pé na Estrada | Rosa dos Ventos |
                 Tarde Demais pra Domingo | Caju | Luz de Vela | Sombra e Água | Cartão-Postal | Vai Chover |
                 Janela Aberta | Samba do Atraso | Retrato | Dona Esperança | Chapéu de Palha | Primeira Barca |
                 Laranja Madura | Segredo de Quintal | Bicicleta Azul | Meia-Noite em Ponto | Telegrama |
                 Devolva Meu Disco | Calçada | Pedra do Sal e Sol | Mar Manso | Recado | Nuvem | Voltei pra Ficar |
                 Flor de Laranjeira | Sem Endereço | Lavadeira | Bossa para Dois | Cidade Dormindo | Seu Antônio |
                 Aquela Esquina | Pescador de Estrelas | Dança da Chuva | Menina do Trem | Jangada |
                 O Silêncio da Casa | Pão de Queijo | Farol | Serenata Torta | Rio Abaixo",
            ),
            (
                "record",
                "Cais | Tarde de Sol | Horizonte Azul | Sobrado | O Tempo da Maré | Varanda | Três Ventos |
                 Poeira e Sal | Alvorada",
            ),
        ],
    },
    eras: &[(1965, 1976, 4.0), (1998, 2008, 2.0), (2014, 2024, 3.0)],
    length_s: (206.0, 56.0),
    explicit: 0.0,
    featured: 0.12,
    countries: &["BR", "PT"],
    sound: Sound {
        acousticness: (0.7, 0.24),
        danceability: (0.6, 0.14),
        energy: (0.4, 0.2),
        instrumentalness: (0.08, 0.18),
        loudness_db: (-11.5, 3.5),
        speechiness: (0.05, 0.03),
        tempo_bpm: (110.0, 32.0),
        valence: (0.63, 0.24),
    },
};
