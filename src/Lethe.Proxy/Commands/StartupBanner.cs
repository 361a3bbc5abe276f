using Lethe.Proxy.Hosting;

namespace Lethe.Proxy.Commands;

/// <summary>What <c>lethe run</c> prints: where each door is, and one line an agent on how to come in.</summary>
internal static class StartupBanner
{
    public static string For(ListeningDoors doors)
    {
        var door = doors.Forwarding;
        var opencode = $"{{\"provider\":{{\"anthropic\":{{\"options\":{{\"baseURL\":\"{door}/anthropic/v1\"}}}}}}}}";
        return $"""
            lethe listens
              forwarding  {door}
              admin       {doors.Admin}
              ext_proc    {doors.ExtProc ?? "off"}

            Point an agent here
              Claude Code  ANTHROPIC_BASE_URL={door}/anthropic CLAUDE_CODE_GATEWAY_HINT_HEADERS=1 claude
              Codex        codex -c openai_base_url="{door}/openai/v1"        (ChatGPT login: {door}/chatgpt)
              opencode     OPENCODE_CONFIG_CONTENT='{opencode}' opencode
              Gemini CLI   GOOGLE_GEMINI_BASE_URL={door}/gemini gemini
              SDKs         ANTHROPIC_BASE_URL={door}/anthropic  OPENAI_BASE_URL={door}/openai/v1  OLLAMA_HOST={door}/ollama
            or let lethe do it: lethe exec -- claude

            Look at it: lethe sessions, lethe tail. Ctrl+C stops.

            """;
    }
}
