using System.Buffers.Binary;
using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>
/// Redacts the messages of an event stream (<c>application/vnd.amazon.eventstream</c>): each payload by itself, in what a chunk carries in base64 as well. A message that is
/// changed gets lengths and sums of its own, so that it can still be read. What is no message, or too long for one, passes through a window. Not thread-safe.
/// </summary>
internal sealed class MessageRedactor : IDisposable
{
    /// <summary>A longer message is not gathered.</summary>
    private const int MessageBytesMax = 1024 * 1024;

    private readonly PooledBytes begun = new();
    private StreamRedactor? window;
    private int wanted = EventStreamReader.PreludeBytes;

    public void Append(ReadOnlySpan<byte> part, PooledBytes output)
    {
        while (!part.IsEmpty && window is null)
        {
            var taken = (int)Math.Min(part.Length, wanted - begun.Length);
            begun.Append(part[..taken]);
            part = part[taken..];
            if (begun.Length == wanted)
            {
                Take(output);
            }
        }

        window?.Append(part, output);
    }

    /// <summary>The stream has ended: writes the rest.</summary>
    public void Complete(PooledBytes output)
    {
        if (window is null)
        {
            OpenWindow(output);
        }

        window!.Complete(output);
    }

    public void Dispose()
    {
        begun.Dispose();
        window?.Dispose();
    }

    private void Take(PooledBytes output)
    {
        var bytes = begun.ToArray();
        if (EventStreamReader.Lengths(bytes) is not var (total, headers) || total > MessageBytesMax)
        {
            OpenWindow(output);
        }
        else if (bytes.Length < total)
        {
            wanted = total;
        }
        else
        {
            begun.Clear();
            wanted = EventStreamReader.PreludeBytes;
            Write(bytes, headers, output);
        }
    }

    private void OpenWindow(PooledBytes output)
    {
        window = new StreamRedactor(keepsLength: true);
        window.Append(begun.ToArray(), output);
        begun.Clear();
    }

    private static void Write(byte[] message, int headersLength, PooledBytes output)
    {
        var headers = message.AsSpan(EventStreamReader.PreludeBytes, headersLength);
        var payload = message.AsSpan((EventStreamReader.PreludeBytes + headersLength)..^EventStreamReader.CrcBytes);
        var (kept, replaced) = Redact(payload);
        if (!replaced && InBase64(payload) is { } carried)
        {
            (var plain, replaced) = Redact(carried);
            kept = replaced ? RawMessage.Write("bytes", Convert.ToBase64String(plain)) : kept;
        }

        if (!replaced)
        {
            output.Append(message);
            return;
        }

        Span<byte> prelude = stackalloc byte[EventStreamReader.PreludeBytes];
        BinaryPrimitives.WriteInt32BigEndian(prelude, EventStreamReader.PreludeBytes + headers.Length + kept.Length + EventStreamReader.CrcBytes);
        BinaryPrimitives.WriteInt32BigEndian(prelude[4..], headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(prelude[8..], Crc32.Of(prelude[..8]));
        byte[] changed = [.. prelude, .. headers, .. kept, .. new byte[EventStreamReader.CrcBytes]];
        BinaryPrimitives.WriteUInt32BigEndian(changed.AsSpan(^EventStreamReader.CrcBytes..), Crc32.Of(changed.AsSpan(..^EventStreamReader.CrcBytes)));
        output.Append(changed);
    }

    private static (byte[] Kept, bool Replaced) Redact(ReadOnlySpan<byte> bytes)
    {
        using var redactor = new StreamRedactor();
        byte[] kept = [.. redactor.Append(bytes), .. redactor.Complete()];
        return (kept, redactor.Replaced > 0);
    }

    /// <summary>What a chunk of an invoked model carries; null for any other payload.</summary>
    private static byte[]? InBase64(ReadOnlySpan<byte> payload)
    {
        if (payload.IndexOf("\"bytes\""u8) < 0)
        {
            return null;
        }

        using var document = JsonReading.TryParse(Utf8Repair.Clean(payload.ToArray()));
        return document?.RootElement.Member("bytes"u8) is { ValueKind: JsonValueKind.String } told && told.TryGetBytesFromBase64(out var bytes) ? bytes : null;
    }
}
