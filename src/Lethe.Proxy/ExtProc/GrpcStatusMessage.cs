using System.Buffers;
using System.Globalization;
using System.Text;

namespace Lethe.Proxy.ExtProc;

/// <summary>The text of <c>grpc-message</c> (gRPC, <c>doc/PROTOCOL-HTTP2.md</c>): UTF-8, percent-encoded outside of %x20–%x24 and %x26–%x7E, and nowhere else.</summary>
internal static class GrpcStatusMessage
{
    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(value => (char)value).Where(value => value != '%')]);

    // Some clients undo only the escapes that a URI would need: one too many stays in what their users read.
    public static string Encode(string message)
    {
        if (!message.AsSpan().ContainsAnyExcept(Plain))
        {
            return message;
        }

        var encoded = new StringBuilder(message.Length);
        foreach (var value in Encoding.UTF8.GetBytes(message))
        {
            if (Plain.Contains((char)value))
            {
                encoded.Append((char)value);
            }
            else
            {
                encoded.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return encoded.ToString();
    }
}
