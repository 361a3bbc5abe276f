using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Tests.Journaling;

public sealed class CallTextTests
{
    private static readonly string[] Hostile =
    [
        "", "\0", "\"\\\n\r\t\b\f\u001f\u007f", "\u2028\u2029", "é𝄞", "\ud800", "\udc00x", "a\ud834", "\",\"seal\":\"", "{\"seq\":1}\n", "\\u0041",
        new string('"', 40), new string('x', 15) + "\"", new string('x', 16) + "\\", new string('y', 70_000) + "\u0001",
    ];

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Elements(Hostile),
        ArbMap.Default.ArbFor<char>().Generator.ArrayOf().Select(letters => new string(letters)));

    private static readonly Gen<byte[]> Bodies = Gen.OneOf(
        ArbMap.Default.ArbFor<byte[]>().Generator.Select(bytes => bytes ?? []),
        Texts.Select(text => System.Text.Encoding.UTF8.GetBytes(text)),
        Texts.Select(text => System.Text.Encoding.UTF8.GetBytes("é" + text + "𝄞")[1..^2]));

    [Fact]
    public void Whatever_was_captured_comes_back_as_it_was()
    {
        var exchanges =
            from texts in Texts.ArrayOf(14)
            from request in Bodies
            from response in Bodies
            from numbers in ArbMap.Default.ArbFor<int>().Generator.ArrayOf(4)
            select Build(texts, request, response, numbers);
        Prop.ForAll(exchanges.ToArbitrary(), exchange =>
        {
            using var world = new JournalWorld();
            Write(world.Directory, exchange);
            var (found, fault) = world.ReadAll();
            Assert.Null(fault);
            var read = Assert.Single(found).Exchange;
            Assert.Equal(JournalWorld.Form(exchange), JournalWorld.Form(read));
            Assert.Equal(3, File.ReadAllLines(world.LastSegment()).Length);
            Assert.Equal(exchange.Request.Bytes.ToArray(), read.Request.Bytes.ToArray());
            Assert.Equal(exchange.Response.Bytes.ToArray(), read.Response.Bytes.ToArray());
            Assert.Equal(exchange.RequestHeaders, read.RequestHeaders);
            Assert.Equal(exchange.ResponseTrailers, read.ResponseTrailers);
            Assert.Equal(exchange.Attributes.OrderBy(pair => pair.Key), read.Attributes.OrderBy(pair => pair.Key));
            Assert.Equal(Plain(exchange), Plain(read));
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000001","wonder":1}""")]
    [InlineData("""{"id":"nobody"}""")]
    [InlineData("""{"at":1}""")]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000001","door":"Window"}""")]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000001","ending":"7"}""")]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000001","at":"now"}""")]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000001","head":[1]}""")]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000001","head":[-1,5]}""")]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000001","head":[[1,2]]}""")]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000001","request":{"wire":1,"text":"x"}}""")]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000001","wrote":[0,1,"00"]}""")]
    public void What_the_journal_does_not_write_is_refused(string data)
    {
        var error = Record.Exception(() => CallText.Read(System.Text.Encoding.UTF8.GetBytes(data), 1));
        Assert.True(error is FormatException or InvalidOperationException or NotSupportedException or System.Text.Json.JsonException, $"{error}");
    }

    private static void Write(string directory, CapturedExchange exchange)
    {
        using var pen = new LinePen(Guid.Empty, []);
        pen.StartAt(new JournalPosition(default, 1, 0, 1), 0, new byte[JournalLine.SealBytes]);
        pen.Header();
        pen.Whole(exchange);
        pen.Footer();
        File.WriteAllBytes(JournalDirectory.PlainPath(directory, 1, SegmentPart.Lines), pen.Lines.Written.ToArray());
        File.WriteAllBytes(JournalDirectory.PlainPath(directory, 1, SegmentPart.Bodies), [.. pen.Pieces.SelectMany(piece => piece.ToArray())]);
    }

    private static CapturedExchange Build(string[] texts, byte[] request, byte[] response, int[] numbers) => JournalWorld.Exchange() with
    {
        CommitKey = texts[0],
        OrgId = texts[1],
        AuthSubject = numbers[0] % 2 == 0 ? texts[2] : null,
        Door = (Door)(Math.Abs(numbers[0] % 3)),
        Method = texts[3],
        Path = texts[4],
        Query = texts[5],
        UpstreamHost = texts[6],
        Provider = texts[7],
        CredentialFingerprint = texts[8],
        RequestHeaders = [new(texts[9], texts[10]), new(texts[9], texts[11])],
        ResponseTrailers = [new(texts[12], texts[13])],
        Request = JournalWorld.Body(request) with { Truncated = numbers[1] % 2 == 0 },
        Response = JournalWorld.Body(response) with { Sha256 = null, Truncated = true },
        Status = numbers[1] % 3 == 0 ? null : numbers[1],
        Ending = (Ending)Math.Abs(numbers[2] % 5),
        EndingReason = texts[0],
        TransportError = numbers[2] % 2 == 0 ? new TransportError(texts[1], texts[2]) : null,
        TimeToFirstByte = numbers[3] % 2 == 0 ? null : TimeSpan.FromTicks(numbers[3]),
        Duration = TimeSpan.FromTicks(numbers[3]),
        Attributes = new Dictionary<string, string> { ["z" + texts[3]] = texts[4], ["a" + texts[5]] = texts[6] },
    };

    /// <summary>What record equality can compare: all but the lists and the bytes.</summary>
    private static CapturedExchange Plain(CapturedExchange exchange) => exchange with
    {
        RequestHeaders = [],
        ResponseHeaders = [],
        ResponseTrailers = [],
        Attributes = JournalWorld.NoAttributes,
        Request = exchange.Request with { Bytes = default },
        Response = exchange.Response with { Bytes = default },
    };
}
