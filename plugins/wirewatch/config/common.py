"""Names that too many bear for one to be meant; pure."""

from __future__ import annotations

from wirewatch.config import patterns

_SHORT = 4
"""Letters below which a single word of an alphabet is an abbreviation or a word of some language."""
_SHORT_SYLLABLES = 3
"""The same for scripts that write a syllable or more with each sign."""

_SHARED = """
adam ahmad ahmed alex alexander ali alice amir amira andrei andrew anna antonio ben boris carlos charles chris daniel david diana dmitri
elena elizabeth emma eva fatima francis frank george grace hans hassan helen henry hussein ibrahim igor ivan jack james jan jane jean
jin john jose joseph juan julia karim kate khalid kim laura lee leo liam lily linda lisa louis lucas lucy luis mahmoud maria marie mark
martin mary max michael mike min mohamed mohammad mohammed muhammad nadia natalia nikolai nina noah oleg olga omar oscar osman pablo
park paul pavel pedro peter pierre rachel robert rosa ruth sam samuel sara sarah sergei sergey simon sofia sophia stephen steve susan
tariq thomas tom victor victoria vladimir wei william yuri yusuf zhang abbas abe allen anderson baker bauer becker bell berg bernard
black brown bush carter chang chen choi clark cook cooper davies davis diaz evans fischer fox garcia gonzalez gray green gupta hall
harris hill hoffmann huang hughes hwang ivanov jackson johnson jones jordan kelly khan king klein koch kumar kuznetsov lang lewis lin
liu lopez martinez meyer miller mitchell moore morgan morris mueller murphy müller nelson nguyen patel perez petrov phillips popov price
reed richter roberts robinson rodriguez rogers ross russell sanchez santos sato schmidt schneider schulz scott shah silva singh smirnov
smith sokolov stewart suzuki tanaka tang taylor thompson tran turner volkov wagner walker wang ward watanabe watson weber white williams
wilson wolf wood wright yang yoon young zhao zimmermann иванов иванова петров петрова сидоров смирнов кузнецов попов волков соколов
мария анна елена ольга иван сергей андрей дмитрий александр николай владимир наталья татьяна ким amber apollo arctic argo atlantic
aurora blossom breeze bright brave captain champion charity condor courage courageous crown crystal dawn diamond discovery dolphin
dragon dream eagle eastern emerald empress endeavour endurance energy enterprise explorer express falcon fortune freedom friendship
galaxy genesis glory golden harmony hawk hercules hero hope horizon imperial independence island jupiter justice knight legend liberty
lion lotus lucky luna magic majestic matrix mercury meteor moon neptune northern nova ocean odyssey olympia orchid orient orion pacific
panther patriot peace pearl phoenix pioneer planet polaris pride prince princess progress prosperity providence queen rainbow ranger
resolute rising river rose royal sapphire saturn seagull serenity silver sirius skipper southern spirit spring star sunrise sunset swan
swift thunder tiger titan triton triumph trust unity universe valiant venture venus victory viking voyager western winner wisdom
"""
_COMMON = frozenset(_SHARED.split())
"""First and family names of many countries, and words that ships are named after."""


def too_common(written: str) -> bool:
    """Whether a name says too little to stand alone: a single word that many bear, or a very short one; `=` asks for its exact letters."""
    pattern = patterns.parse(written)
    letters = [char for char in pattern.words if char.isalnum()]
    if " " in pattern.words or any(char.isdigit() for char in letters):
        return False
    if any(patterns.is_ideographic(char) or "\uac00" <= char <= "\ud7a3" for char in letters):
        return len(letters) < _SHORT_SYLLABLES
    return pattern.words.casefold() in _COMMON or (len(letters) < _SHORT and not pattern.exact)
