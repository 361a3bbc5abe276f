using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Redaction;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Harnesses;

/// <summary>Sessions are told from what was written down, so what is written down must tell as much as the wire did.</summary>
public sealed class RedactedEvidenceTests(ITestOutputHelper output)
{
    private static readonly ExchangeRedactor Redactor = new(new CredentialKey(new byte[CredentialKey.Length]), bodies: true);

    [Theory]
    [MemberData(nameof(OtherHarnessesTests.Requests), MemberType = typeof(OtherHarnessesTests))]
    public void An_invented_client_is_known_as_well_after_redaction(string headers, string body, string expected)
    {
        Assert.NotEmpty(expected);
        AssertSame(Call.Exchange(headers, body));
    }

    [Fact]
    public void A_real_agent_is_known_as_well_after_redaction()
    {
        output.WriteLine(RecordedAgent.All.Count == 0 ? "no shared fixtures beside this checkout: nothing was compared" : $"{RecordedAgent.All.Count} requests");
        Assert.All(RecordedAgent.All, request => AssertSame(request.Exchange));
    }

    private static void AssertSame(CapturedExchange exchange)
    {
        var written = Redactor.Redact(exchange) with { CredentialFingerprint = exchange.CredentialFingerprint };
        var interpreter = new ExchangeInterpreter();
        Assert.Equal(Told(interpreter.Interpret(exchange)), Told(interpreter.Interpret(written)));
    }

    private static string Told(InterpretedExchange meaning) =>
        string.Join('\n', meaning.Envelope with { Evidence = new Dictionary<string, string>() }, Evidence(meaning.Envelope), meaning.Chain?.Leaf, meaning.RetryKey);

    private static string Evidence(SessionEnvelope envelope) => string.Join(' ', envelope.Evidence.Select(pair => $"{pair.Key}={pair.Value}"));
}
