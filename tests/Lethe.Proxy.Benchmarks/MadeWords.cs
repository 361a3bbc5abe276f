using System.Text;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Text that messages are cut out of, each from a place of its own.</summary>
/// <param name="CharactersMin">The shortest message; the longest has two and a half times that.</param>
internal sealed record MadeWords(byte[] Text, int CharactersMin)
{
    private const int FewMax = 1_000_000;
    private const int SpokenMax = 16_000_000;
    private const int VocabularySize = 60_000;

    /// <summary>Short messages of a few words.</summary>
    public static MadeWords Few() => new(Encoding.ASCII.GetBytes(AgentBodies.Words(7, FewMax).Replace('"', ' ').Replace('\\', ' ').ReplaceLineEndings(" ")), 120);

    /// <summary>
    /// Messages of about a kilobyte as agents and people write them: words as frequent as their rank says (Zipf), and one piece in six of code, paths,
    /// numbers and ids, most of which come but seldom again.
    /// </summary>
    public static MadeWords Spoken()
    {
        var random = new Random(11);
        var vocabulary = Enumerable.Range(0, VocabularySize).Select(_ => Word(random)).Distinct().ToArray();
        var text = new StringBuilder(SpokenMax + 64);
        while (text.Length < SpokenMax)
        {
            text.Append(random.Next(6) == 0 ? Code(vocabulary, random) : Ranked(vocabulary, random)).Append(random.Next(12) == 0 ? ". " : " ");
        }

        return new MadeWords(Encoding.ASCII.GetBytes(text.ToString(0, SpokenMax)), 560);
    }

    public ReadOnlySpan<byte> At(uint seed)
    {
        var length = CharactersMin + (int)((seed >> 8) % (uint)(CharactersMin * 3 / 2));
        return Text.AsSpan((int)(seed % (uint)(Text.Length - (CharactersMin * 3))), length);
    }

    // The rank of a word of a natural text falls like one through its frequency.
    private static string Ranked(string[] vocabulary, Random random) => vocabulary[(int)Math.Pow(vocabulary.Length, random.NextDouble()) - 1];

    private static string Code(string[] vocabulary, Random random)
    {
        var (one, two) = (Ranked(vocabulary, random), Ranked(vocabulary, random));
        return random.Next(5) switch
        {
            0 => $"{one}{char.ToUpperInvariant(two[0])}{two[1..]}({random.Next(100)})",
            1 => $"src/{one}/{two}.cs:{random.Next(900)}",
            2 => $"toolu_{random.NextInt64():x16}",
            3 => $"{one}.{two}()",
            _ => random.Next(100_000).ToString(null, null),
        };
    }

    private static string Word(Random random)
    {
        const string Consonants = "bcdfghklmnprstvwz";
        const string Vowels = "aeiou";
        var word = new StringBuilder();
        for (var syllables = 1 + random.Next(4); syllables > 0; syllables--)
        {
            word.Append(Consonants[random.Next(Consonants.Length)]).Append(Vowels[random.Next(Vowels.Length)]);
        }

        return word.Append(random.Next(2) == 0 ? Consonants[random.Next(Consonants.Length)] : Vowels[random.Next(Vowels.Length)]).ToString();
    }
}
