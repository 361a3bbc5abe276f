using System.Buffers.Binary;
using System.Text;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Writes <c>application/vnd.amazon.eventstream</c> bodies.</summary>
internal static class EventStreams
{
    public static byte[] Of(params byte[][] messages) => [.. messages.SelectMany(message => message)];

    public static byte[] Event(string type, string payload) =>
        Message(payload, (":event-type", type), (":content-type", "application/json"), (":message-type", "event"));

    public static byte[] Exception(string type, string payload) =>
        Message(payload, (":exception-type", type), (":content-type", "application/json"), (":message-type", "exception"));

    public static byte[] Error(string code, string words) => Message("", (":error-code", code), (":error-message", words), (":message-type", "error"));

    /// <summary>An event that carries what a model said in its own language.</summary>
    public static byte[] Chunk(string json) => Event("chunk", $$"""{"bytes":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(json))}}","p":"abcdefgh"}""");

    public static byte[] Message(string payload, params (string Name, string Value)[] headers)
    {
        List<byte> written = [];
        foreach (var (name, value) in headers)
        {
            written.Add((byte)name.Length);
            written.AddRange(Encoding.UTF8.GetBytes(name));
            written.Add(7);
            written.AddRange(BigEndian((ushort)value.Length)[2..]);
            written.AddRange(Encoding.UTF8.GetBytes(value));
        }

        return Framed([.. written], Encoding.UTF8.GetBytes(payload));
    }

    public static byte[] Framed(byte[] headers, byte[] payload)
    {
        byte[] prelude = [.. BigEndian((uint)(16 + headers.Length + payload.Length)), .. BigEndian((uint)headers.Length)];
        byte[] message = [.. prelude, .. BigEndian(Crc(prelude)), .. headers, .. payload];
        return [.. message, .. BigEndian(Crc(message))];
    }

    // Bit by bit, so that it is another reckoning than the product's.
    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
            }
        }

        return ~crc;
    }

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
