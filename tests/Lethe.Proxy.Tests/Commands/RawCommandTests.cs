using Lethe.Capture.Exchanges;
using Lethe.Proxy.Commands;

namespace Lethe.Proxy.Tests.Commands;

public sealed class RawCommandTests
{
    [Theory]
    [InlineData("it's; rm -rf ~")]
    [InlineData("$(touch hit) `id` \"quoted\"\n'\\''")]
    public async Task A_command_for_curl_is_one_word_for_the_shell_whatever_was_said(string body)
    {
        var text = CurlText.Of(Call(body));
        Assert.Equal(body, (await ShellAsync("curl() { for last; do :; done; printf %s \"$last\"; }; " + text)).Replace("\r", "", StringComparison.Ordinal));
        Assert.Contains("x-api-key: $ANTHROPIC_API_KEY", text, StringComparison.Ordinal);
    }

    private static async Task<string> ShellAsync(string script)
    {
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", ["-c", script]) { RedirectStandardOutput = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return output;
    }

    private static CapturedExchange Call(string body)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(body);
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var none = new CapturedBody { Bytes = Array.Empty<byte>(), WireBytes = 0, Sha256 = null };
        return new CapturedExchange
        {
            Id = ExchangeId.New(at),
            CommitKey = "key",
            Door = Door.Forwarding,
            CapturedAt = at,
            Method = "POST",
            Path = "/v1/messages",
            Upstream = "anthropic",
            RequestHeaders = [new("content-type", "application/json"), new("x-odd", "a 'quoted' value")],
            Request = none with { Bytes = bytes, WireBytes = bytes.Length },
            Status = 200,
            ResponseHeaders = [],
            Response = none,
            Ending = Ending.Completed,
            Duration = TimeSpan.FromSeconds(1),
        };
    }
}
