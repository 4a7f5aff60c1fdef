"""What a voice says when it is heard for the first time: four to eight seconds in each language."""

SAMPLES: dict[str, str] = {
    "chinese": "早上好。很高兴你来到这里，我很乐意为你读一会儿书，请慢慢听。",
    "english": "Good morning. I am glad that you are here, and I will read to you for a while.",
    "japanese": "おはようございます。来てくださってうれしいです。これからゆっくりお読みします。",
    "korean": "안녕하세요. 이렇게 와 주셔서 기쁩니다. 이제부터 천천히 글을 읽어 드리겠습니다.",
    "german": "Guten Morgen. Schön, dass Sie da sind; ich lese Ihnen gern eine Weile etwas vor.",
    "french": "Bonjour. C'est un plaisir de vous voir ici, et je vais vous lire un peu ce livre.",
    "russian": "Доброе утро. Хорошо, что вы пришли, и я с удовольствием немного вам почитаю.",
    "portuguese": "Bom dia. É um prazer ver você aqui, e vou ler um pouco deste livro com calma.",
    "spanish": "Buenos días. Es un placer verle por aquí, y con mucho gusto le leeré un poco.",
    "italian": "Buongiorno. È un piacere vederla qui, e adesso le leggerò un po' di questo libro.",
}
"""By language; spoken in one go, and long enough for a clone of whoever says it."""
