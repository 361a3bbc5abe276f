using System.Text.Unicode;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// Body bytes as JSON: text when they are UTF-8, so that a segment's compression sees repeats, else Base64. A piece of a stream may begin or
/// end inside a character: those few bytes stand apart, as <c>head</c> and <c>tail</c>.
/// </summary>
internal static class BodyText
{
    public static void Write(ReadOnlySpan<byte> body, LineBuffer into)
    {
        if (body.IsEmpty)
        {
            return;
        }

        var head = HeadBytes(body);
        var tail = TailBytes(body[head..]);
        if (!Utf8.IsValid(body[head..^tail]))
        {
            into.Raw(",\"base64\":"u8);
            into.Base64Text(body);
            return;
        }

        if (head > 0)
        {
            into.Raw(",\"head\":"u8);
            into.Base64Text(body[..head]);
        }

        into.Raw(",\"text\":"u8);
        into.Utf8Text(body[head..^tail]);
        if (tail > 0)
        {
            into.Raw(",\"tail\":"u8);
            into.Base64Text(body[^tail..]);
        }
    }

    private static int HeadBytes(ReadOnlySpan<byte> body)
    {
        var count = 0;
        while (count < Math.Min(3, body.Length) && (body[count] & 0xC0) == 0x80)
        {
            count++;
        }

        return count;
    }

    private static int TailBytes(ReadOnlySpan<byte> body)
    {
        for (var count = 1; count <= Math.Min(3, body.Length); count++)
        {
            var lead = body[^count];
            if ((lead & 0xC0) != 0x80)
            {
                var wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
                return wanted > count ? count : 0;
            }
        }

        return 0;
    }
}
