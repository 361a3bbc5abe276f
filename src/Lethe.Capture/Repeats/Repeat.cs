namespace Lethe.Capture.Repeats;

/// <summary>The messages of a prompt that were met before, and where the last of them ends.</summary>
/// <param name="beginning">Where the conversation began when it was looked up; null when it was not known.</param>
internal sealed class Repeat(long key, KnownMessage? beginning = null)
{
    private readonly List<KnownMessage> known = [];
    private readonly List<int> ends = [];

    /// <summary>Finds the conversation again.</summary>
    public long Key => key;

    public KnownMessage? Beginning => beginning;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<KnownMessage> Known => known;

    /// <summary>True when another message follows the known ones.</summary>
    public bool GoesOn { get; private set; }

    /// <summary>Where the first <paramref name="count"/> messages end, behind the list's opening bracket.</summary>
    public int End(int count) => ends[count - 1];

    /// <summary>Compares message by message; what no list could go on with ends it, and nothing is known.</summary>
    public static Repeat Read(long key, KnownMessage beginning, ReadOnlySpan<byte> messages)
    {
        var repeat = new Repeat(key, beginning);
        var at = SkipBlanks(messages, 0);
        var last = beginning;
        while (last.Next(messages[at..]) is { } next)
        {
            at += next.Raw.Length;
            repeat.known.Add(next);
            repeat.ends.Add(at);
            last = next;
            at = SkipBlanks(messages, at);
            if (at == messages.Length || messages[at] is not ((byte)',' or (byte)']'))
            {
                return new Repeat(key, beginning);
            }

            if (messages[at] == ']')
            {
                return repeat;
            }

            at = SkipBlanks(messages, at + 1);
        }

        repeat.GoesOn = repeat.known.Count > 0;
        return repeat;
    }

    private static int SkipBlanks(ReadOnlySpan<byte> json, int at)
    {
        while (at < json.Length && json[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            at++;
        }

        return at;
    }
}
