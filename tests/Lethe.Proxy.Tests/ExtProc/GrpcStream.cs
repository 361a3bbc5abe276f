using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Google.Protobuf;
using Lethe.Envoy;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>One gRPC call on a raw connection, from the client's side.</summary>
internal sealed class GrpcStream(Http2Connection connection, int id)
{
    public static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(20);

    private readonly Channel<byte[]> messages = Channel.CreateUnbounded<byte[]>();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, string> fields = new();
    private byte[] unread = [];

    public int Id => id;

    public long Window { get; set; }

    /// <summary>Bytes of DATA that the server sent.</summary>
    public long DataBytes { get; private set; }

    public int? ResetCode { get; private set; }

    public bool Broken { get; private set; }

    public string? Http => fields.GetValueOrDefault(":status");

    public int? Status => fields.TryGetValue("grpc-status", out var status) ? int.Parse(status, CultureInfo.InvariantCulture) : null;

    public string? Field(string name) => fields.GetValueOrDefault(name);

    public static byte[] Frame(ReadOnlySpan<byte> message, byte flag = 0)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame.AsSpan(5));
        return frame;
    }

    public Task SendAsync(IMessage message) => SendAsync(message.ToByteArray());

    public Task SendAsync(byte[] message) => SendRawAsync(Frame(message));

    public Task SendRawAsync(ReadOnlyMemory<byte> bytes, bool end = false) => connection.SendDataAsync(this, bytes, end);

    public Task HalfCloseAsync() => SendRawAsync(default, end: true);

    public Task ResetAsync(int code) => connection.ResetAsync(this, code);

    /// <summary>The next answer; null when the stream ended instead.</summary>
    public async Task<byte[]?> ReadAsync(TimeSpan? wait = null)
    {
        using var bound = new CancellationTokenSource(wait ?? WaitMax);
        try
        {
            return await messages.Reader.WaitToReadAsync(bound.Token) && messages.Reader.TryRead(out var message) ? message : null;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException("No answer came.");
        }
    }

    public async Task<ProcessingResponse?> ReadAnswerAsync(TimeSpan? wait = null) =>
        await ReadAsync(wait) is { } message ? ProcessingResponse.Parser.ParseFrom(message) : null;

    /// <summary>Waits until the server has ended or reset the stream.</summary>
    public async Task<GrpcStream> EndAsync()
    {
        await ended.Task.WaitAsync(WaitMax);
        return this;
    }

    public void TakeHeaders(byte[] block) => Hpack.Decode(block, fields);

    public void TakeData(byte[] data)
    {
        DataBytes += data.Length;
        ReadOnlySpan<byte> bytes = unread.Length == 0 ? data : [.. unread, .. data];
        while (bytes.Length >= 5 && BinaryPrimitives.ReadInt32BigEndian(bytes[1..]) is var length && bytes.Length - 5 >= length)
        {
            messages.Writer.TryWrite(bytes.Slice(5, length).ToArray());
            bytes = bytes[(5 + length)..];
        }

        unread = bytes.ToArray();
    }

    public void TakeReset(int code)
    {
        ResetCode = code;
        TakeEnd();
    }

    public void TakeEnd()
    {
        messages.Writer.TryComplete();
        ended.TrySetResult();
    }

    public void Break()
    {
        Broken = true;
        TakeEnd();
    }
}
