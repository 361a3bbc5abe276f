namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>Where a text may be cut: never inside a character (UTF-8), and where there is a choice between two events (server-sent events) or lines.</summary>
internal static class TextCut
{
    private const int ContinuationsMax = 3;

    /// <summary>How much of the front can go on while more is to come. Of an event stream whole events, as long as one is no longer than <paramref name="max"/>.</summary>
    public static int WholeFront(ReadOnlySpan<byte> text, bool isEvents, int max)
    {
        var whole = isEvents ? LastEvent(text) : 0;
        return whole > 0 || (isEvents && text.Length < max) ? whole : Character(text, text.Length);
    }

    /// <summary>The length of the first piece of at most <paramref name="max"/> bytes.</summary>
    public static int Piece(ReadOnlySpan<byte> text, int max)
    {
        if (text.Length <= max)
        {
            return text.Length;
        }

        var window = text[..max];
        var events = LastEvent(window);
        var line = events > 0 ? events : window.LastIndexOf((byte)'\n') + 1;
        return line > 0 ? line : Math.Max(1, Character(text, max));
    }

    private static int LastEvent(ReadOnlySpan<byte> text) =>
        Math.Max(text.LastIndexOf("\n\n"u8) is >= 0 and var at ? at + 2 : 0, text.LastIndexOf("\r\n\r\n"u8) is >= 0 and var crossed ? crossed + 4 : 0);

    /// <summary>The last place at or before <paramref name="at"/> where a character begins or ends. What is no UTF-8 is cut anywhere.</summary>
    private static int Character(ReadOnlySpan<byte> text, int at)
    {
        for (var back = 1; back <= ContinuationsMax && back <= at; back++)
        {
            var letter = text[at - back];
            if (letter >= 0xC0)
            {
                var length = letter >= 0xF0 ? 4 : letter >= 0xE0 ? 3 : 2;
                return length > back ? at - back : at;
            }

            if (letter < 0x80)
            {
                break;
            }
        }

        return at;
    }
}
