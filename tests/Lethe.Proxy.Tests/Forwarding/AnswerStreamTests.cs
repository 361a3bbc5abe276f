using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Forwarding;

namespace Lethe.Proxy.Tests.Forwarding;

public sealed class AnswerStreamTests
{
    private const int YarpBytes = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Any_pieces_come_out_as_they_went_in_and_their_end_is_told_once()
    {
        var sizes = Gen.OneOf(Gen.Choose(1, 300), Gen.Choose(4000, 4200), Gen.Choose(1, 100_000)).ListOf().ToArbitrary();
        Prop.ForAll(sizes, ArbMap.Default.ArbFor<bool>(), (pieces, isPaced) =>
        {
            var body = new byte[pieces.Sum()];
            new Random(body.Length).NextBytes(body);
            using var socket = new Pieces(body, [.. pieces], isPaced);
            var ends = 0;
            using var answer = new AnswerStream(socket, static () => Task.CompletedTask, () => ends++);

            var read = ReadAsYarpDoesAsync(answer).GetAwaiter().GetResult();

            Assert.Equal(body, read);
            Assert.Equal(1, ends);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(200, 0)]
    [InlineData(0, 1)]
    public async Task The_head_goes_along_with_a_body_that_is_there_and_by_itself_where_that_is_empty(int bytes, int heads)
    {
        var sent = 0;
        using var answer = new AnswerStream(new Pieces(new byte[bytes], [bytes / 2, bytes / 2]), () => Task.FromResult(++sent));

        Assert.Equal(bytes, (await ReadAsYarpDoesAsync(answer)).Length);

        Assert.Equal(heads, sent);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(0)]
    public async Task The_head_goes_out_once_before_a_body_that_is_not_there_yet(int bytes)
    {
        var head = new TaskCompletionSource();
        using var answer = new AnswerStream(new Pieces(new byte[bytes], [bytes / 2, bytes / 2], first: head.Task), SendHead);

        Assert.Equal(bytes, (await ReadAsYarpDoesAsync(answer).WaitAsync(Patience)).Length);

        Task SendHead()
        {
            head.SetResult();
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_socket_that_breaks_is_told_as_it_is()
    {
        var ends = 0;
        using var answer = new AnswerStream(new Pieces(new byte[100], [100], breaks: true), static () => Task.CompletedTask, () => ends++);

        Assert.Equal("broken", (await Assert.ThrowsAsync<IOException>(() => ReadAsYarpDoesAsync(answer))).Message);
        Assert.Equal(0, ends);
    }

    private static async Task<byte[]> ReadAsYarpDoesAsync(AnswerStream answer)
    {
        var buffer = new byte[YarpBytes];
        var read = new MemoryStream();
        while (true)
        {
            Assert.Equal(0, await answer.ReadAsync(Memory<byte>.Empty));
            var count = await answer.ReadAsync(buffer);
            if (count == 0)
            {
                return read.ToArray();
            }

            read.Write(buffer, 0, count);
        }
    }

    /// <summary>A socket that gives a piece at a time, at once or later.</summary>
    /// <param name="first">What the first piece waits for.</param>
    private sealed class Pieces(byte[] body, int[] sizes, bool isPaced = false, Task? first = null, bool breaks = false) : ForwardReadStream
    {
        private int piece;
        private int position;
        private int left = sizes.FirstOrDefault();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (isPaced)
            {
                await Task.Yield();
            }

            await (first ?? Task.CompletedTask);

            if (left == 0 && ++piece < sizes.Length)
            {
                left = sizes[piece];
            }

            if (left == 0 && breaks)
            {
                throw new IOException("broken");
            }

            var count = Math.Min(left, buffer.Length);
            body.AsMemory(position, count).CopyTo(buffer);
            (position, left) = (position + count, left - count);
            return count;
        }
    }
}
