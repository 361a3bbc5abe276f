using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;
using Lethe.Envoy;

namespace Lethe.Proxy.ExtProc;

/// <summary>The request headers that are meant for a recorder alone: <c>x-lethe-*</c> and <c>x-tapes-*</c>.</summary>
internal static class OwnHeaders
{
    /// <summary>Answers the request's headers by taking ours off. False, with nothing written, when there are none or the message is malformed: then it passes as it is.</summary>
    public static bool TryWriteRemoval(IBufferWriter<byte> output, in ReadOnlySequence<byte> message)
    {
        var removal = new HeaderMutation();
        try
        {
            var names = ProcessingRequest.Parser.ParseFrom(message).RequestHeaders.Headers?.Headers.Select(header => header.Key) ?? [];
            removal.RemoveHeaders.AddRange(names.Where(IsOwn).Distinct(StringComparer.Ordinal));
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }

        if (removal.RemoveHeaders.Count == 0)
        {
            return false;
        }

        var answer = new ProcessingResponse { RequestHeaders = new HeadersResponse { Response = new CommonResponse { HeaderMutation = removal } } };
        var length = answer.CalculateSize();
        var prefix = output.GetSpan(5);
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], length);
        output.Advance(5);
        answer.WriteTo(output);
        return true;
    }

    private static bool IsOwn(string name) =>
        name.StartsWith("x-lethe-", StringComparison.OrdinalIgnoreCase) || name.StartsWith("x-tapes-", StringComparison.OrdinalIgnoreCase);
}
