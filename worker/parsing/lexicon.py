"""The words of trading messages in six languages, as data: phrase → what it tells.

A tag in GRAMMAR_TAGS shapes the chunk grammar; the others are cues for the classifier. One phrase may
carry several; the first row that holds it decides its grammar tag. A trailing `*` matches any ending.
"""

from collections.abc import Iterator

_ROWS: tuple[tuple[str, str], ...] = (
    # Phrases that must not be read word by word.
    ("NEWS", "sell wall|buy wall|buy side|sell side|buying pressure|selling pressure|buy pressure|sell pressure|sell off|selloff|buyers|sellers|buy rating|strong buy|price target|price targets|next stop|buy back|buyback|stop kidding|target price|short interest|short squeeze|stop by|non stop|nonstop"),
    ("TERM", "short term|long term|mid term|midterm|longterm|shortterm|short-term|medium term|long time|market cap|short trade idea"),
    ("FOOT", ("not financial advice|for informational purposes|for information purposes|solely for|for educational purposes|disclaimer|"
             "not an investment advice|nfa|trade at your own risk|educational only|manage your own risk|manage your risk|keine anlageberatung|не является финансовой рекомендацией|how i trade|notes|reason|"
             "today at|risk warning|join us|trailing configuration|published by|accuracy|powered by")),
    ("RECAP", ("open positions|my positions|current positions|my open positions|open trades|current trades|my portfolio|portfolio update|running trades|offene positionen|открытые позиции|当前持仓|positions ouvertes|الصفقات المفتوحة|recap|разбор|lesson|tutorial|position sizing|reminder|recaps|weekly recap|results|performance|watchlist|watch list|summary|итоги|результаты|观察列表|总结|rückblick|"
              "signals closed|win rate|winrate|last week|this week's|yesterday's")),
    # Levels.
    ("TARGET", ("تارگت|target|targets|tp|tps|t/p|take profit|take profits|takeprofit|take profit targets|take profit target|profit target|profit targets|selling targets|"
               "sell targets|sell target|pt|pts|tgt|tgts|tg|tejk|тейк|тейки|тейк профит|тейкпрофит|тейк профиты|tейк профит|цель|цели|тп|止盈|止盈位|目标|目标位|目标价|ziel|ziele|kursziel|"
               "gewinnziel|objectif|objectifs|cible|cibles|الهدف|هدف|أهداف|اهداف|الاهداف|الأهداف|جني الأرباح|t1|t2|t3|t4|take-profit|goal|goals|objective|objectives|exit ladder|exit targets|exit target|first sell|second sell|third sell|sells at|targeting|tp levels|tp level|profit taking|profit zone|resistance targets|kursziele|zielzone|cible de profit|takes|objetivo|objetivos|alvo|alvos|obiettivo|obiettivi|hedef")),
    ("STOP", ("استاپ|stop|stops|stop loss|stoploss|stop targets|stop target|stop price|sl|s/l|stopls|stoplos|stl|cut below|cut above|cut loss below|invalidation|invalid below|"
             "стоп|стопы|стоп лосс|стоплосс|сл|止损|止损位|止损价|stopp|stop-loss|verlustbegrenzung|وقف الخسارة|وقف|ستوب|الستوب|overall stoploss|overall stop loss|stopp loss|stops at|invalid|invalidation level|out if|hard stop|safety stop|protective stop|protect|protect below|protect above|i'm wrong above|i'm wrong below|wrong above|wrong below|cut it at|cut it below|cut at|exit on a close under|exit on a close below|exit below|exit above|mental stop|stop level|stoplevel|стоплос|стоп-лосс|止損|ausstieg unter|absicherung|损|stop loss price|parada|stop-loss at")),
    ("ENTRY", ("entry|entries|entry price|entry zone|entry point|entry points|entry targets|entry target|entry range|entry level|entry limit|entry order|entry orders|"
              "buy zone|buying zone|long zone|short zone|long entry|buy entry|short entry|sell entry|buy order|buy orders|sell order|enter|entering|enter at|ep|open price|avg|average|avg price|dca|dca to|reentry|re entry|fill|filled at|"
              "вход|точка входа|точки входа|зона входа|вхожу|入场|入场点|进场|进场点|入场价|入场区间|建仓|"
              "einstieg|einstiegskurs|ek|entrée|entree|prix d'entrée|zone d'entrée|الدخول|دخول|منطقة الدخول|نقطة الدخول|buying range|accumulate|accumulation zone|buy range|buy price|buy at|buy area|sell area|grab it at|entry area|open at|einstiegszone|kaufzone|зона набора|набор|набираем|المداخل|entrada|entradas|trigger zone|trigger price|entry trigger|ingresso|买点|买入价|买入区间")),
    ("LEV", "leverage|apalancamiento|alavancagem|levier|lev|lvg|levarage|leverages|cross|isolated|плечо|плеча|杠杆|hebel|levier|effet de levier|الرافعة|رافعة|لوریج"),
    ("RISK", "risk|risking|risk level|r:r|rr|risk reward|risk reward ratio|ratio|риск|风险|risiko|risque|المخاطرة|rrr"),
    ("SIZE", ("size|sized|sizing|use|fund|funds|capital|capital invested|portfolio|balance|total account|account|deposit|margin|volume|position size|"
             "put only|仓位|头寸|депозит*|депо|деп|объем|позиция|positionsgröße|taille|allocation")),
    # Sides.
    ("BUY", ("buy limit|buy stop|buy zone|buying zone|long zone|buy range|buy price|buy at|long entry|buy entry|buy order|buy orders|long|longs|buy|longed|longing|buying|bought|bto|bot|лонг|лонги|лонгу|купить|покупка|покупаю|покупаем|беру|做多|买入|开多|多单|多|买|kaufe|kaufen|kauf|kaufte|"
            "achat|acheter|achète|j'achète|شراء|شراء الآن|لونغ|لانگ|buying range|accumulate|accumulation zone|buy area|grab it at|kaufzone|建多|买点|compra|comprar|largo|acquisto|покупку|покупке|buy long|go long|going long|bullish entry|buy setup")),
    ("SELL", ("sell limit|sell stop|short zone|sell entry|short entry|sell order|sell zone|short|shorts|shorted|shorting|sell|selling|шорт|шорты|шорчу|шортим|продажа|продаю|продать|продаем|做空|开空|空单|卖空|空|verkaufe|verkaufen|verkauf|"
             "vente|vendre|vends|بيع|شورت|sell short|go short|going short|sto|sell area|venta|vender|corto|vendita|продажу|продаже|卖点")),
    ("NOW", ("now|market|market price|current price|current rate|cmp|cmp price|at market|market signal|market order|instantly|immediately|с текущих|по текущим|"
            "на текущих отметках|по рынку|рыночный|сейчас|市价|现价|现在|jetzt|sofort|maintenant|au marché|الآن|السوق|سعر السوق|asap|here|current")),
    ("LIMIT", "limit|limits|limit order|лимит|лимитка|лимиткой|限价|pending|отложка|отложкой|buy limit|sell limit"),
    ("TRIG_ABOVE", "above|over|beats|if beats|breaks above|break above|breaks|on break of|after reaching|closes above|выше|突破|über|au-dessus|فوق|buy stop|reclaims"),
    ("TRIG_BELOW", "below|under|beneath|breaks below|break below|loses|closes below|close under|close below|ниже|跌破|unter|en dessous|sous|تحت|sell stop"),
    ("AT", "@|at|附近|vers|sobre|around|near|arnd|ca|bei|von|@~|по цене|на уровне|في"),
    ("TO", "الى|to|auf|then|puis|dann|затем|потом|y|bis|до|至|到|à|and|&|und|и|et|或|إلى"),
    ("CALL", "call|calls|看涨期权|看涨|колл|коллы|кол"),
    ("PUT", "put|puts|看跌期权|看跌|пут|путы"),
    ("UNITS", "contracts|contract|cons|con|shares|share|lots|lot|qty|акций|股|aktien|张|leaps"),
    ("WEEKLY", "weekly|weeklies|expiration this week|exp this week|this week|next week|friday|fri|monday|mon|tuesday|tues|wednesday|wed|thursday|thurs|exp|expiry|expiration|expiring|expires"),
    # Verbs of opening.
    ("OPENV", ("bto|bought|buying|buy|added|adding|grabbed|grabbing|took|taking|trying|opened|opening|open|entered|entering|enter|get into|got into|picked up|picking up|scaling in|"
              "starter|starting|new position|i got|got some|longed|shorted|long|short|jumped in|jumping in|took entry|i'm in|back in|entry|lotto|"
              "купил|взял|открываю|открыл|захожу|зашел|набираю|kaufe|gekauft|j'achète|买入|建仓|开仓|加仓|اشتري|دخلت|buy alert|new trade|trade idea|"
              "risky play|scalp|play")),
    # Verbs of closing.
    ("CLOSE", ("stc|btc to close|close|closed|closing|exit|exited|exiting|all out|out of|i'm out|im out|out at|out half|out here|out most|out the rest|out rest|sold|"
              "covered|cover|covering|cutting|cut|cut this|stopping out|stop out|take off|took off|taking off|getting out|got out|"
              "закры*|выхожу|вышел|выходим|выход|фиксир*|зафиксир*|卖出|清仓|出清|全部卖出|平仓|平多|平空|减仓|止盈离场|"
              "schließe|schliesse|schließen|geschlossen|clôture|clôturer|clôturez|fermer|ferme|fermez|je ferme|coupez|sortez|إغلاق|اغلق|أغلق|اغلاق|أغلقوا|"
              "dumped|dumping|liquidate|taking profit|taking profits|took profit|took profits|take profits here|take profit here|book profit|book profits|booking profits|booked|secure profit|"
              "secure profits|securing profits|lock profit|lock profits|lock in profits|locking in")),
    ("SELLING", "selling|sell|verkaufe|продаю|продать|卖|sell half|unload|unloading"),
    ("TRIM", ("trim|trimmed|trimming|trims|out half|out most|scale out|scaling out|scaled out|scaling|partial|partials|take partials|took a little|take some off|take some profit|sell some|sold some|selling some|"
             "some off|little off|more off|half off|taking a few|a few off|few off|减仓|部分平仓|скинул|сократил*|частичн*|часть|teilverkauf|teilgewinn*|partielle*|"
             "took partial|took some off|taking some off|took some profit|taking some profit|taking some profits|peeling|chopping in half|chopping|out most|جزئي|close half|close some")),
    ("BOOK", "book|secure|bank|lock|lock in|take|fix|фикс|фиксируйте|sichern|prendre|prenez|خذ"),
    ("HALF", "half|out half|half off|sell half|close half|chopping in half|halves|половин*|一半|半仓|hälfte|moitié|النصف|نصف"),
    ("SOME", "some|part|partial|most|few|little|third|quarter|more|часть"),
    ("REST", "rest|remaining|remainder|everything|fully|completely|runner|runners|all out|全部|все|остат*|остальн*|rest der position|le reste|الباقي|كامل|full position|the last"),
    # Moving levels.
    ("MOVE", ("move|moved|moving|raise|raised|raising|set|setting|adjust|adjusted|trail|trailing|tighten|tightening|bring|brought|shift|lower|lowered|lowering|update|updated|change|changed|"
             "placed|placing|put|keep|ставим|переста*|перенос*|переносим|двига*|передвига*|подтяг*|перевел|перевожу|переводим|移至|移动|移到|调整|上移|设置|设为|setze|setzen|verschiebe*|nachziehen|ziehe|"
             "déplacer|déplace|déplacez|remonter|remonte|mettre|mettez|نقل|انقل|حرك|ارفع|roll")),
    ("BREAKEVEN", ("be|b/e|b.e|breakeven|break even|bu|бу|б/у|безубыток|безуб*|entry|entry price|your entry|cost|cost basis|保本|入场点|成本|开仓价|入场价|einstand|einstieg|einstandskurs|point d'entrée|prix d'entrée|"
                  "seuil de rentabilité|التعادل|الدخول|سعر الدخول|нулевой|ноль|точку входа|вход|risk free|riskfree")),
    ("CANCEL", "cancel|canceled|cancelled|cancelling|delete|remove|removed|void|invalidated|отмен*|убира*|убрал|снимаем|снимаю|снял|снять|удал*|取消|撤单|撤销|stornier*|streiche|storniere|annuler|annulé|annule|إلغاء|الغاء|ألغيت|الغيت"),
    ("ORDERS", "limit|limits|order|orders|лимитка|лимитки|лимитку|лимитный|ордер*|доливк*|отложк*|signal|setup|trade|挂单|限价单|订单|صفقة|أمر|الأمر"),
    # The same in the words of those who say it otherwise.
    ("CLOSE", ("out on|out full|out all|full out|out fully|going flat|flat now|flattened|flattening|flatten|bailed|bailing|bail on|ditched|ditching|scratched|scratching|cashed out|cashing out|cash out|close out|"
              "closed out|closing out|square off|squared off|squaring off|got out of|hopped out|hopping out|jumped out|unwound|unwinding|took the loss|taking the loss|took the l|taking the l|"
              "pulled the plug|cover all|sell all|sell it all|sell everything|close all|exit all|close now|exit now|exits|closes|book full|secure full|full close|full exit|"
              "raus|bin raus|ich bin raus|steige aus|aussteigen|ausgestiegen|glattstellen|glattgestellt|schließt|schliesst|beenden|beende|position zu|gewinnmitnahme|verkauft|"
              "крою|кроем|кройте|режем|режу|сливаю|сливаем|скидываю|сбрасываю|сбрасываем|продал|продали|вышли|выйти|выходите|вышел|离场|出局|平掉|全平|清掉|获利了结|止盈出局|止损离场|落袋|落袋为安|先出|走人|抛出|"
              "on sort|on coupe|je coupe|je sors|sortie|sortir|soldez|solder|encaissez|liquidez|on ferme|clôturons|on clôture|clôturé|fermé|اخرج|اخرجوا|خروج|نخرج|اغلقوا|اقفل|تصفية|"
              "cerrar|cierra|cierro|cerramos|cerrado|cierren|cerrad|salgo|salir|salimos|vendido|fechar|fecho|fechei|chiudere|chiudo|chiuso")),
    ("TRIM", ("out majority|majority out|out the majority|lightened up|lightening up|lighten up|lighten|reduce position|reduced position|reduce size|reducing size|reducing position|reduce here|reduced here|reducing here|shave some|shaved some|shaving some|shave half|skim|skimmed|skimming|off the table here|some off the table|half off the table|vom tisch|de la table|partialed|partial out|partial close|partially close|partially closed|"
             "took half|taking half|take half|sold half|selling half|derisk|derisked|derisking|de risk|de risked|de risking|piece off|chunk off|bit off|book some|booked some|booking some|book partial|book partials|book partial profits|"
             "pay yourself|paid myself|paying myself|pay myself|bank some|banked some|ring the register|rang the register|secure some|secure partials|secure partial|scale some|take a bit off|took a bit off|"
             "减半|平一半|减一半|部分止盈|出一半|减掉|teilweise|teilschließung|teilgewinne mitnehmen|reduziere|reduzieren|halbieren|allégez|alléger|allège|prise partielle|prenez la moitié|encaissez la moitié|"
             "урезал|урезаем|срезал|срезаем|прикрыл|прикрываем|جني جزئي|parcial|parciales|parciais|tomar parciales")),
    ("PLAN", "going all out|going all in"),
    ("LEAVE", ("leave a runner|leave runners|leave runner|leaving a runner|leaving runners|leaving runner|leaving the rest|leave the rest|leaving 1|leaving 2|leaving 3|leave 1|leave 2|let the rest run|let the rest ride|letting the rest|"
              "hold the rest|holding the rest|keep the rest|keeping the rest|rest runs|rest running|rest is running|hold one runner|hold a runner|keep a runner|keeping a runner|hold runners|holding runners|keep runners|still have some|still have some left|"
              "остальное держ*|остаток держ*|rest läuft|rest laufen lassen|lassen wir laufen|laisser courir|laissez courir|剩下的持有|剩余持有|留底仓|الباقي مستمر")),
    ("HALF", "la moitié|mitad|la mitad|metade|metà|пополам|半|die hälfte|zur hälfte|50 percent"),
    ("REST", "das restliche|den rest|toute la position|tout|alles|todo|toda|tudo|полностью|целиком|всю позицию|весь объем|全数|全仓|بالكامل|كل|entire|whole|entire position|whole position|last piece|last bit|final piece"),
    ("MOVE", ("drag|dragged|dragging|snug|push|pushed|pull|pulled|bump|bumped|bumping|slide|sliding|ratchet|ratcheting|walk up|walking|advance|"
             "mover|mueve|mueva|muevan|movemos|subir|sube|ajustar|ajusta|ajusten|poner|pon|pongan|décaler|décalez|décale|resserrer|resserrez|resserre|remontez|passez|passer|placez|mettons|nachgezogen|zieht|ziehen|anheben|"
             "hebt|absichern|sichert|sichere|переставь*|подвин*|подними*|поднима*|двинь*|ставь*|ставлю|переведите|переводите|上调|下移|上移到|提到|推到|拉到|推保护|ضع|نقلنا|عدل|تعديل|spostare|sposto")),
    ("TARGET", "new target|new targets|new tp|new tps|new pt|new take profit|updated target|updated targets|neues ziel|neue ziele|nouvel objectif|nouveaux objectifs|новая цель|новые цели|新目标|新止盈|nuevo objetivo|الهدف الجديد"),
    ("MOVE", "new target|new targets|new tp|new tps|new pt|new take profit|updated target|updated targets|neues ziel|neue ziele|nouvel objectif|nouveaux objectifs|новая цель|новые цели|新目标|新止盈|nuevo objetivo|الهدف الجديد"),
    ("STOP", "new stop|new sl|new stop loss|neuer stop|neuer sl|nouveau stop|nouveau sl|новый стоп|新止损|nuevo stop|الستوب الجديد"),
    ("MOVE", "new stop|new sl|new stop loss|neuer stop|neuer sl|nouveau stop|nouveau sl|новый стоп|新止损|nuevo stop|الستوب الجديد|انقلوا|حركوا|ارفعوا|عدلوا"),
    ("ORDERS", "by analyst|by our analyst|by the analyst|by the trader"),
    ("BREAKEVEN", "نقطة الدخول|entrada|punto de entrada|precio de entrada|einstandspreis|kaufkurs|einstiegspreis|prix de revient|pru|point mort|l'entrée|entrée|成本价|平保|بريك|نقطة التعادل|твх|ноль позиции|fill price|avg price|average price|open price|opening price"),
    ("EVEN", ("be|b/e|b.e|breakeven|break even|brake even|bu|бу|б/у|безубыток|безуб*|保本|平保|推保护|einstand|einstandskurs|einstandspreis|التعادل|نقطة التعادل|بريك ايفن|risk free|riskfree|seuil de rentabilité|point mort|нулевой|risikofrei|sans risque|sin riesgo")),
    ("CANCEL", ("pull it|pull the limit|pull my limit|pull that order|pulled the limit|pulling the limit|scrap|scrapped|nix|disregard|withdraw|pull the order|pulled the order|kill the order|no longer valid|not valid anymore|setup invalid|signal invalid|cancela|cancelar|cancelen|cancelado|anular|annulez|annulons|supprimez|supprimer|"
               "löschen|löscht|stornieren|storniert|streichen|gestrichen|作废|撤掉|删除|撤|неактуал*|не актуал*|отбой|الغوا|احذف|حذف|ملغي|ملغاة")),
    ("ORDERS", "ордера|ордеров|позиция отложенная|orden|ordre|ordres|auftrag|挂的单|setup|pending order|pending orders|pendings|pending|limit buy|limit sell|buy stop|sell stop|sell limit|buy limit"),
    ("HIT", "alcanzado|alcanzada|getroffen|touchée|достигли|забрали|закрылся|сработала|命中|触发|打到|到位|تحققت|تحقق الهدف|done ✅|banged|tagged|printed|got tagged|got taken|taken out|cleared"),
    ("STOPPED", "выбит|выбило по стопу|стопануло|стоп выбило|по стопу закрылись|打损|扫损|被扫|sl touché|stoppé|on est stoppé|stop erreicht|sl erreicht|sl getroffen|stop alcanzado|knocked out|shaken out|took a stop|stopped us out|stop was taken|sl was hit|hit the stop|hit the sl"),
    # Orders of option desks.
    ("SELL", "sold to open|sell to open|selling to open|sto"),
    ("BUY", "bought to open|buy to open|buying to open|i'm a buyer|im a buyer|i am a buyer"),
    ("OPENV", "bought to open|buy to open|buying to open|i'm a buyer|im a buyer|i am a buyer|pulled the trigger|going with"),
    ("CLOSE", "sold to close|sell to close|selling to close|bought to close|buy to close|buying to close|to close"),
    ("AT", "paid|paying"),
    ("TERM", "wie immer|wie gehabt|wie besprochen|good till cancelled|good till canceled|good til cancelled|good til canceled|good until cancelled|good until canceled|gtc|if filled|overnight hold|hold overnight|swing hold|quick hold"),
    ("AIM", "first trim at|trim at|out into|i'd like to see|like to see|would like to see|sell into"),
    ("CANCEL", "cancel it|cancel that|cancel this|cancel them"),
    ("NEWS", "lifts|lifted|equal weight|overweight|underweight|outperform|initiates|initiated|price objective"),
    ("RECAP", "a little history|back in january|back in february|back in march|back in april|back in may|back in june|back in july|back in august|back in september|back in october|back in november|back in december"),
    # What only sounds like a command, and who only sounds like the provider.
    ("NEWS", "close early|closes early|closing early|early close|reduce only|bank holiday|holiday hours"),
    ("TERM", "last week's low|last week's high|last week's close|yesterday's low|yesterday's high|yesterday's close"),
    ("PLAN", "even if"),
    ("RECAP", "tip of the day|pro tip|quick tip|statistics|monthly statistics|monthly stats|weekly stats|statistik|статистика|统计|statistiques|إحصائيات|estadísticas"),
    ("OTHERS", "our friends|another desk|other desk|another analyst|other analyst|other traders|another group|another channel"),
    ("REFUSED", "have no position|we have no position|not our trade|not our signal|not us|scam|scammer|scammers|scam warning|fake channel|fake account|copy of our channel"),
    # Reports.
    ("STOPPED", ("stopped|stopped out|stop hit|sl hit|stop loss hit|stoploss hit|stopped me out|got stopped|sl reached|stop triggered|stop was hit|hit stop|hit sl|hit stop loss|hit my stop|hit our stop|"
                "выбило|по стопу|стоп сработал|стопнуло|止损触发|被止损|ausgestoppt|stop touché|ضرب الستوب|ضرب وقف")),
    ("HIT", "hit|hits|reached|smashed|achieved|completed|done|touched|hitting|cracked|nailed|erreicht|достигнут*|взят|взяли|сработал*|got hit|达到|触及|到达|已达|atteint|touché|تحقق|تم تحقيق|وصل|ضرب"),
    ("FILLED", "filled|limit filled|order filled|limit order filled|entry hit|entry filled|entry triggered|triggered|activated|entered at|got filled|сработала лимитка|налило|成交|ausgeführt|exécuté|تم التفعيل"),
    # What makes a message talk instead of order.
    ("WATCH", ("watch|watching|watched|looking at|eyeing|eye on|keep an eye|on watch|on high watch|radar|on radar|monitoring|наблюда*|слежу|смотрю|смотрим|关注|观察|beobachte|beobachten|surveille|surveiller|أراقب|نراقب|مراقبة|"
              "load|loaded|loading|no position|no position yet|no entry|look at|look for|looking into|want to see|aiming for|looking for|looking to")),
    ("PLAN", ("will|would|wait|waiting|might|may|could|should|if|plan|plans|planning|scenario|scenarios|example|for example|e.g|hypothetical|hypothetically|backtest|paper trade|would have|пример|например|beispiel|exemple|例如|مثال|planned|considering|thinking|think|want|wanted|wants|tomorrow|later|gonna|going to|"
             "would like|hoping|expect|expecting|expected|i'd|i'll|demo signal|demo trade|test signal|this is a test|template|when|once|until|unless|potential|possible|possibly|idea|ideally|"
             "жду|ждем|ожида*|если|возможно|думаю|хочу|буду|будем|завтра|план*|попробуем|计划|等待|如果|可能|考虑|准备|打算|明天|warte|warten|wenn|falls|vielleicht|möglich*|würde|werde|"
             "attendre|attends|si|peut-être|pourrait|demain|je vais|انتظر|ننتظر|إذا|اذا|ربما|قد|سوف|غدا|about to|try for|needs to|need to|wait for")),
    ("NEG", "not|no|don't|dont|do not|never|isn't|won't|can't|cannot|without|avoid|нет|не|без|не входить|不|没有|不要|别|未|nicht|kein|keine|keinen|pas|aucun|aucune|ne|لا|ليس|لم|didn't|wasn't|skip|stay out|stay away|nobody|forget"),
    ("QUESTION", "?|poll|vote|quiz|anyone|anybody|has anyone|what price|should i|should we|thoughts|opinions|opinion|what do you think|agree|shall we|how do|how to|why|кто|почему|зачем|吗|呢|谁|wer|warum|wie|pourquoi|qui|comment|هل|لماذا|كيف"),
    ("HOLD", "hold|holding|still holding|still|remains|держу|держим|удержива*|в позиции|持有|继续持有|halte|halten|je garde|garder|conserver|احتفظ|نحتفظ|in from|still in|up from|still valid"),
    ("RESULT", ("profit|profits|gain|gains|gainer|gained|up|down|made|won|winner|winners|loss|losses|green|red|return|returns|roi|pnl|locked in|banked|bang|boom|congrats|congratulations|congrat|easy money|pips profit|"
               "прибыль|плюс|профит|убыток|минус|盈利|利润|收益|赚|亏|gewinn|verlust|gewonnen|bénéfice|perte|ربح|أرباح|خسارة|offered|called|nailed it|averaged down")),
    ("NEWS", ("announces|announced|announcement|reports|reported|reuters|according|downgrade|downgrades|upgrade|upgrades|lowers|raises|maintains|analyst|earnings|revenue|patent|shareholders|sec|fda|fed|"
             "float|rvol|vol|liquidation|liquidations|liquidated|whale|whales|ratio|inflow|inflows|listed|listing|launch|launched|partnership|investment|investors|"
             "новости|新闻|消息|nachrichten|actualités|أخبار|model|report|eps|shares sold|market will|ipo|etf|estimated|estimating|downgraded|upgraded|tweet link")),
    ("FLOW", "open interest|oi|block|block trade|sweep|sweeps|flow|flows|unusual|unusual activity|vs|bought vs|bot vs|opening trade|dark pool"),
    ("BRAG", "congrat*|to those who|everyone who took|boom|bang|happy|proud|what a day|nailed it|easy money|huge win|winner|winners|told you|told yall|called it|called this|as called|glückwunsch|поздравл*|felicit*"),
    ("REFUSED", ("not taking|not taken|not in yet|not yet|no entry yet|not entering|not an entry|not active yet|not a signal|do not enter|don't enter|don't take|do not take|do not trade|don't trade|do not copy|don't copy|do not follow|not a trade|не торговать|nicht handeln|ne pas trader|不要跟单|no trade|"
                "не входить|не входим|пока не|kein einstieg|noch nicht|pas encore|لا تدخل|暂不|不要入场")),
    ("AD", "join|copy it|copy our|sign up|per month|a month|join us|register|registration|deposit|bonus|discount|membership|subscribe|subscription|checkout|promo|giveaway|referral|our exchange|вступай*|подпис*|注册|加入|anmelden|rejoignez|انضم|اشترك"),
    ("OTHERS", ("he|she|insider|insiders|ceo|cfo|cathie|cathie wood|ark invest|buffett|berkshire|pelosi|senator|congressman|someone|somebody|member trade|trade by|a member|my friend|"
              "institutions|hedge fund|hedge funds|smart money|кто-то|он|она|jemand|quelqu'un")),
    ("PAST", "would have been|was last week's|last week's|our last signal|last signal|previous signal|for those asking|for those who asked|missed this|front run|frontrun|icymi|in case you missed|можно было|hätte man|closed trades|trade result|yesterday|last year|last month|last night|back then|вчера|gestern|hier soir|昨天|أمس"),
    ("PROGRESS", "called|went|ran|running|from|currently|was|were|trading at|printing|paying|peaked|high of|highs of|now worth|doubled|tripled|exploded"),
    # Hints of the market meant.
    ("CRYPTO_HINT", "spot|futures|binance|bybit|bingx|okx|kucoin|bitmex|mexc|bitget|usdt|leverage|lev|lvg|cross|isolated|perp|perpetual|coin|altcoin|memecoin|signal id|scalp|плечо|депо|спот|споте|杠杆|合约|现货|الرافعة|dca|tp"),
    ("STOCK_HINT", "shares|stock|earnings|premarket|nasdaq|nyse|calls|puts|call|put|contracts|con|cons|aktie|aktien|акции|股票|actions"),
)  # fmt: skip

# A word or sign that is a label only when a colon, or a number, follows it at once.
COLON_LABELS = {
    "price": "ENTRY",
    "open": "ENTRY",
    "e": "ENTRY",
    "in": "ENTRY",
    "take": "TARGET",
    "t": "TARGET",
    "goal": "TARGET",
    "s": "STOP",
}
# A phrase that names a target once the stop has been named, and a price follows at once.
PRICE_LABELS = frozenset({"first trim at", "trim at", "out into", "i'd like to see", "like to see", "would like to see", "sell into", "looking for", "want to see", "aiming for", "看", "watching for", "going for"})
SIGN_LABELS = {"🎯": "TARGET", "⛔": "STOP", "🛑": "STOP", "🚫": "STOP"}

GRAMMAR_TAGS = frozenset(
    [
        "TARGET",
        "STOP",
        "ENTRY",
        "LEV",
        "RISK",
        "SIZE",
        "BUY",
        "SELL",
        "NOW",
        "LIMIT",
        "TRIG_ABOVE",
        "TRIG_BELOW",
        "AT",
        "TO",
        "CALL",
        "PUT",
        "UNITS",
        "FOOT",
        "TERM",
        "NEWS",
    ]
)


def _entries() -> Iterator[tuple[str, str]]:
    for tag, phrases in _ROWS:
        for phrase in phrases.split("|"):
            yield tag, phrase.strip().replace("ё", "е")


def _is_cjk(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def _build() -> tuple[dict[tuple[str, ...], tuple[str, ...]], dict[str, tuple[str, ...]], int]:
    phrases: dict[tuple[str, ...], tuple[str, ...]] = {}
    stems: dict[str, tuple[str, ...]] = {}
    for tag, phrase in _entries():
        if phrase.endswith("*"):
            stems[phrase[:-1]] = (*stems.get(phrase[:-1], ()), tag)
            continue
        words = tuple(phrase.replace("-", " ").split())
        phrases[words] = (*phrases.get(words, ()), tag)
    return phrases, stems, max(map(len, phrases))


PHRASES, STEMS, LONGEST_PHRASE = _build()
FIRST_WORDS = frozenset(words[0] for words in PHRASES if len(words) > 1)
SHORTEST_STEM = min(map(len, STEMS))
CJK_WORDS: tuple[str, ...] = tuple({phrase for _, phrase in _entries() if _is_cjk(phrase)})


def lookup(word: str) -> tuple[str, ...]:
    """Return every tag of a single folded word, by itself or by its stem; empty if it has none."""
    tags = PHRASES.get((word,))
    if tags is not None:
        return tags
    for length in range(len(word), SHORTEST_STEM - 1, -1):
        tags = STEMS.get(word[:length])
        if tags is not None:
            return tags
    return ()


def match_phrase(words: list[str]) -> tuple[int, tuple[str, ...]]:
    """Return how many of the leading `words` form the longest known phrase, and its tags."""
    if words[0] in FIRST_WORDS:
        for length in range(min(LONGEST_PHRASE, len(words)), 1, -1):
            tags = PHRASES.get(tuple(words[:length]))
            if tags is not None:
                return length, tags
    return 1, lookup(words[0])
