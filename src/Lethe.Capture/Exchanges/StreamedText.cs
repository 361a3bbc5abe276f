namespace Lethe.Capture.Exchanges;

/// <summary>
/// How much of a model's words has come in a stream of events, before the vendor tells the tokens: the characters of what is streamed as text, thought and
/// arguments, in any dialect. Events that say all of it again at its end do not count.
/// </summary>
internal static class StreamedText
{
    private const int TypeBytes = 120;

    /// <param name="lines">Whole lines of the stream.</param>
    public static long Characters(ReadOnlySpan<byte> lines)
    {
        var characters = 0L;
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf((byte)'\n');
            var line = end < 0 ? lines : lines[..end];
            lines = end < 0 ? [] : lines[(end + 1)..];
            if (line.StartsWith("data:"u8) && !IsSaidAgain(line[..Math.Min(line.Length, TypeBytes)]))
            {
                characters += OfLine(line);
            }
        }

        return characters;
    }

    private static bool IsSaidAgain(ReadOnlySpan<byte> beginning) =>
        beginning.IndexOf(".done\""u8) >= 0 || beginning.IndexOf("response.completed"u8) >= 0 || beginning.IndexOf("response.incomplete"u8) >= 0;

    // Strings behind the names that deltas have; an escape is a character or less, which is near enough.
    private static long OfLine(ReadOnlySpan<byte> line)
    {
        var characters = 0L;
        for (var at = line.IndexOf("\":"u8); at >= 0; at = line.IndexOf("\":"u8))
        {
            var isWords = IsWords(line[..at]);
            line = line[(at + 2)..].TrimStart((byte)' ');
            if (!isWords || line is not [(byte)'"', ..])
            {
                continue;
            }

            line = line[1..];
            var length = Length(line);
            characters += length;
            line = line[length..];
        }

        return characters;
    }

    private static bool IsWords(ReadOnlySpan<byte> before) =>
        before.EndsWith("\"text"u8) || before.EndsWith("\"delta"u8) || before.EndsWith("\"content"u8) || before.EndsWith("\"thinking"u8)
        || before.EndsWith("\"partial_json"u8) || before.EndsWith("\"arguments"u8) || before.EndsWith("\"reasoning_content"u8);

    private static int Length(ReadOnlySpan<byte> text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == (byte)'\\')
            {
                at++;
            }
            else if (text[at] == (byte)'"')
            {
                return at;
            }
        }

        return text.Length;
    }
}
