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
    /// <param name="messages">The JSON behind the list's opening bracket, to the end of the body.</param>
    public static Repeat Read(long key, KnownMessage beginning, ReadOnlySpan<byte> messages)
    {
        var repeat = new Repeat(key, beginning);
        return repeat.Follow(messages, 0) ? repeat : new Repeat(key, beginning);
    }

    /// <summary>Goes on behind messages that need no comparing. Null when no list could go on so.</summary>
    /// <param name="rest">The JSON behind them, to the end of the body.</param>
    public static Repeat? Behind(ResumePoint point, ReadOnlySpan<byte> rest)
    {
        var repeat = new Repeat(point.Key, point.Beginning);
        repeat.known.EnsureCapacity(point.Known.Count + 2);
        repeat.known.AddRange(point.Known);
        repeat.ends.AddRange(point.Ends);
        return repeat.Follow(rest, point.Ends[^1]) ? repeat : null;
    }

    /// <summary>The same list once what was new in it is known too, in the same words.</summary>
    /// <param name="body">The body from <paramref name="offset"/> on.</param>
    /// <param name="listStart">Where the list begins in the body, behind its bracket.</param>
    public Repeat? Anew(KnownMessage remembered, ReadOnlySpan<byte> body, int offset, int listStart)
    {
        var repeat = new Repeat(key, remembered);
        repeat.known.AddRange(known);
        repeat.ends.AddRange(ends);
        var from = ends.Count == 0 ? 0 : ends[^1];
        return repeat.Follow(body[(listStart + from - offset)..], from) ? repeat : null;
    }

    /// <summary>The first known messages as a place to go on from.</summary>
    public (KnownMessage[] Known, int[] Ends) First(int count) => ([.. known.Slice(0, count)], [.. ends.Slice(0, count)]);

    private bool Follow(ReadOnlySpan<byte> messages, int from)
    {
        var last = known.Count > 0 ? known[^1] : beginning!;
        var at = SkipBlanks(messages, 0);
        while (true)
        {
            if (known.Count > 0)
            {
                if (at == messages.Length || messages[at] is not ((byte)',' or (byte)']'))
                {
                    return false;
                }

                if (messages[at] == ']')
                {
                    return true;
                }

                at = SkipBlanks(messages, at + 1);
            }

            if (last.Next(messages[at..]) is not { } next)
            {
                GoesOn = known.Count > 0;
                return true;
            }

            at += next.Raw.Length;
            known.Add(next);
            ends.Add(from + at);
            last = next;
            at = SkipBlanks(messages, at);
        }
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
