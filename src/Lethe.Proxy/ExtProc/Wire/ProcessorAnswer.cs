using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Lethe.Envoy;

namespace Lethe.Proxy.ExtProc.Wire;

/// <summary>One <c>ProcessingResponse</c>, in the shape that costs least to send.</summary>
internal abstract class ProcessorAnswer
{
    /// <summary>Bytes of a client's body that lie in memory until the answer has left.</summary>
    public virtual long BodyBytes => 0;

    public abstract void Write(SerializationContext output);
}

/// <summary>The same bytes every time.</summary>
internal sealed class ConstantAnswer(byte[] bytes) : ProcessorAnswer
{
    public override void Write(SerializationContext output) => output.Complete(bytes);
}

/// <summary>An answer that was made for one call.</summary>
internal sealed class MessageAnswer(ProcessingResponse message, long bodyBytes = 0) : ProcessorAnswer
{
    public override long BodyBytes => bodyBytes;

    public override void Write(SerializationContext output)
    {
        output.SetPayloadLength(message.CalculateSize());
        message.WriteTo(output.GetBufferWriter());
        output.Complete();
    }
}

/// <summary>A piece of a full-duplex body on its way on: <c>response { response { body_mutation { streamed_response { body, end_of_stream } } } }</c>.</summary>
internal sealed class PieceAnswer(MessageKind kind, ReadOnlySequence<byte> piece, bool end) : ProcessorAnswer
{
    private const int HeadBytesMax = 32;

    private static ReadOnlySpan<byte> EndOfStream => [0x10, 1];

    public override long BodyBytes => piece.Length;

    public override void Write(SerializationContext output)
    {
        var length = (int)piece.Length;
        var streamed = (length == 0 ? 0 : Nested(length)) + (end ? EndOfStream.Length : 0);
        var mutation = Nested(streamed);
        var common = Nested(mutation);
        var answer = Nested(common);
        output.SetPayloadLength(Nested(answer));
        var writer = output.GetBufferWriter();
        var head = writer.GetSpan(HeadBytesMax);
        var at = 0;
        WriteTag(head, ref at, (int)kind - 1, answer);
        WriteTag(head, ref at, 1, common);
        WriteTag(head, ref at, 3, mutation);
        WriteTag(head, ref at, 3, streamed);
        if (length > 0)
        {
            WriteTag(head, ref at, 1, length);
        }

        writer.Advance(at);
        foreach (var segment in piece)
        {
            writer.Write(segment.Span);
        }

        if (end)
        {
            writer.Write(EndOfStream);
        }

        output.Complete();
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
