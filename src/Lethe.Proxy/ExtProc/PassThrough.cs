using System.Buffers;
using System.Buffers.Binary;

namespace Lethe.Proxy.ExtProc;

/// <summary>The answers that leave a call as it is, as whole gRPC frames.</summary>
internal static class PassThrough
{
    /// <summary>What a full-duplex answer carries at most; the receiving side's buffers are made for 64 KiB messages.</summary>
    public const int ChunkBytesMax = 62_000;

    // For each kind an empty answer: a prefix of five bytes, the tag, length 0.
    private static ReadOnlySpan<byte> Frames =>
    [
        0, 0, 0, 0, 2, 0x0A, 0,
        0, 0, 0, 0, 2, 0x12, 0,
        0, 0, 0, 0, 2, 0x1A, 0,
        0, 0, 0, 0, 2, 0x22, 0,
        0, 0, 0, 0, 2, 0x2A, 0,
        0, 0, 0, 0, 2, 0x32, 0,
    ];

    // server_window_update { 1 TiB each way }: a peer that counts bytes is never held back by us.
    private static ReadOnlySpan<byte> Windows =>
        [0, 0, 0, 0, 16, 0x72, 14, 0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20];

    private static ReadOnlySpan<byte> EndOfStream => [0x10, 1];

    /// <summary>Goes on, nothing changed. The same kind as the message that it answers.</summary>
    public static void WriteContinue(IBufferWriter<byte> output, MessageKind kind) => output.Write(Frames.Slice(7 * ((int)kind - 2), 7));

    /// <summary>Opens the flow control windows of a peer that asked for it with <c>flow_control_init</c>.</summary>
    public static void WriteWindows(IBufferWriter<byte> output) => output.Write(Windows);

    /// <summary>Sends a full-duplex chunk back, in pieces of at most <see cref="ChunkBytesMax"/>; the last one ends the stream if it ended.</summary>
    public static void WriteEcho(IBufferWriter<byte> output, MessageKind kind, ReadOnlySequence<byte> body, bool end)
    {
        do
        {
            var piece = body.Slice(0, Math.Min(body.Length, ChunkBytesMax));
            body = body.Slice(piece.Length);
            WritePiece(output, kind, piece, end && body.IsEmpty);
        }
        while (!body.IsEmpty);
    }

    // response { response { body_mutation { streamed_response { body, end_of_stream } } } }
    private static void WritePiece(IBufferWriter<byte> output, MessageKind kind, ReadOnlySequence<byte> piece, bool end)
    {
        var length = (int)piece.Length;
        var streamed = (length == 0 ? 0 : Nested(length)) + (end ? 2 : 0);
        var mutation = Nested(streamed);
        var common = Nested(mutation);
        var answer = Nested(common);
        var head = output.GetSpan(32);
        head[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], Nested(answer));
        var at = 5;
        WriteTag(head, ref at, (int)kind - 1, answer);
        WriteTag(head, ref at, 1, common);
        WriteTag(head, ref at, 3, mutation);
        WriteTag(head, ref at, 3, streamed);
        if (length > 0)
        {
            WriteTag(head, ref at, 1, length);
        }

        output.Advance(at);
        foreach (var segment in piece)
        {
            output.Write(segment.Span);
        }

        if (end)
        {
            output.Write(EndOfStream);
        }
    }

    private static int Nested(int length) => 1 + (length < 0x80 ? 1 : length < 0x4000 ? 2 : 3) + length;

    private static void WriteTag(Span<byte> span, ref int at, int field, int length)
    {
        span[at++] = (byte)((field << 3) | 2);
        for (; length >= 0x80; length >>= 7)
        {
            span[at++] = (byte)(length | 0x80);
        }

        span[at++] = (byte)length;
    }
}
